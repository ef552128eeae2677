//! Certificates of every kind that is read, and what is said of those that are not.

use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use super::*;

/// A folder with a certificate for `localhost` that signs itself, and its key, made by `openssl`.
pub(crate) struct Certificate {
    folder: TempDir,
}

impl Certificate {
    pub(crate) fn new() -> Self {
        Self::of(&["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"])
    }

    fn of(kind: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = "[req]\ndistinguished_name = name\n[name]\n[server]\nbasicConstraints = critical, CA:FALSE\n\
            subjectAltName = DNS:localhost\n";
        std::fs::write(folder.path().join("settings"), settings).unwrap();
        let made = Self { folder };
        let fixed = "req -x509 -config settings -extensions server -subj /CN=localhost -nodes -days 3650 -keyout key.pem -out chain.pem";
        let arguments: Vec<_> = fixed.split(' ').chain(kind.iter().copied()).collect();
        made.openssl(&arguments);
        made
    }

    pub(crate) fn chain(&self) -> PathBuf {
        self.file("chain.pem")
    }

    pub(crate) fn key(&self) -> PathBuf {
        self.file("key.pem")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl").current_dir(self.folder.path()).args(arguments).output();
        let output = output.expect("these tests need `openssl`");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[test]
fn keys_are_read_in_each_format() {
    let curve = Certificate::new();
    curve.openssl(&["ec", "-in", "key.pem", "-out", "sec1.pem"]);
    let rsa = Certificate::of(&["-newkey", "rsa:2048"]);
    rsa.openssl(&["rsa", "-traditional", "-in", "key.pem", "-out", "pkcs1.pem"]);
    let edwards = Certificate::of(&["-newkey", "ed25519"]);
    for (certificate, key, label) in [
        (&curve, "key.pem", "BEGIN PRIVATE KEY"),
        (&curve, "sec1.pem", "BEGIN EC PRIVATE KEY"),
        (&rsa, "key.pem", "BEGIN PRIVATE KEY"),
        (&rsa, "pkcs1.pem", "BEGIN RSA PRIVATE KEY"),
        (&edwards, "key.pem", "BEGIN PRIVATE KEY"),
    ] {
        let key = certificate.file(key);
        assert!(std::fs::read_to_string(&key).unwrap().contains(label));
        let tls = Tls::read(certificate.chain(), key).unwrap();
        assert_eq!(format!("{tls:?}"), "Tls { .. }");
    }
    let one = [std::fs::read(curve.key()).unwrap(), std::fs::read(curve.chain()).unwrap()].concat();
    std::fs::write(curve.file("one.pem"), one).unwrap();
    Tls::read(curve.file("one.pem"), curve.file("one.pem")).unwrap();
}

#[test]
fn an_error_says_which_file_and_what_to_do() {
    let (certificate, other) = (Certificate::new(), Certificate::new());
    certificate.openssl(&["pkey", "-in", "key.pem", "-aes256", "-passout", "pass:secret", "-out", "locked.pem"]);
    certificate.openssl(&["ec", "-in", "key.pem", "-aes256", "-passout", "pass:secret", "-out", "old_locked.pem"]);
    let label = |kind: &str, content: &str| format!("-----BEGIN {kind}-----\n{content}\n-----END {kind}-----\n");
    for (name, content) in [
        ("damaged.pem", label("CERTIFICATE", "!!!!")),
        ("empty.pem", String::new()),
        ("no_certificate.pem", label("CERTIFICATE", "AAAA")),
        ("damaged_key.pem", label("PRIVATE KEY", "c2Vj!!!!")),
        ("no_key.pem", label("PRIVATE KEY", "AAAA")),
    ] {
        std::fs::write(certificate.file(name), content).unwrap();
    }
    let error = |chain: &str, key: &str| Tls::read(certificate.file(chain), certificate.file(key)).unwrap_err();

    let missing = error("missing.pem", "key.pem");
    assert!(matches!(&missing, TlsError::Unreadable { path, .. } if path.ends_with("missing.pem")), "{missing:?}");
    assert!(missing.to_string().contains("missing.pem`: expected a file of certificates in PEM, found: No such file"));
    assert!(matches!(error("chain.pem", "."), TlsError::Unreadable { expected: "a private key in PEM", .. }));
    for (chain, found) in [("key.pem", "none"), ("empty.pem", "none"), ("damaged.pem", "a damaged one")] {
        let error = error(chain, "key.pem");
        assert!(matches!(error, TlsError::NoCertificate { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("{chain}`: expected")), "{error}");
        assert!(error.to_string().contains(&format!("found {found}")), "{error}");
    }
    for (key, found) in [
        ("chain.pem", "none"),
        ("empty.pem", "none"),
        ("damaged_key.pem", "a damaged one"),
        ("locked.pem", "one that is locked"),
        ("old_locked.pem", "one that is locked"),
    ] {
        let error = error("chain.pem", key);
        assert!(matches!(error, TlsError::NoKey { .. }), "{error:?}");
        assert!(error.to_string().contains(&format!("{key}`: expected")), "{error}");
        assert!(error.to_string().contains(&format!("found {found}")), "{error}");
        assert!(!error.to_string().contains("c2Vj"), "{error}");
    }
    let mismatch = Tls::read(certificate.chain(), other.key()).unwrap_err();
    assert!(matches!(mismatch, TlsError::Mismatch { .. }), "{mismatch:?}");
    for (chain, key) in [("no_certificate.pem", "key.pem"), ("chain.pem", "no_key.pem")] {
        let error = error(chain, key);
        assert!(matches!(error, TlsError::Unsupported { .. }), "{error:?}");
    }
}
