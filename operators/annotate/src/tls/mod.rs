//! TLS: certificate chain and key from PEM files.

#[cfg(test)]
pub(crate) mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{Error, InconsistentKeys, ServerConfig};

/// What a server shows to be trusted: a chain of certificates and the key of the first. It speaks TLS 1.2 and 1.3, and
/// HTTP/1.1 within.
#[derive(Clone)]
pub struct Tls {
    config: Arc<ServerConfig>,
}

impl fmt::Debug for Tls {
    // The configuration holds the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// Why two files cannot be used for TLS.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file cannot be read.
    #[error("`{}`: expected a file of {expected}, found: {source}. Check the path and who may read it.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file has no certificate, or one that is damaged.
    #[error(
        "`{}`: expected certificates in PEM, the server's first (`-----BEGIN CERTIFICATE-----`), found {found}. Name the \
        file of the whole chain, such as `fullchain.pem`.",
        path.display()
    )]
    NoCertificate {
        /// The file.
        path: PathBuf,
        /// What is in it instead.
        found: String,
    },
    /// A file has no key, or one that is damaged or locked by a password.
    #[error(
        "`{}`: expected a private key in PEM (PKCS#8, PKCS#1 or SEC1), found {found}. Name the certificate's key, such as \
        `privkey.pem`; `openssl pkey -in FILE -out FILE` takes a password off.",
        path.display()
    )]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What is in it instead.
        found: &'static str,
    },
    /// The key is another certificate's.
    #[error(
        "`{}`: expected the key of the first certificate in `{}`, found that of another. Name the two files that were made \
        together, and put the server's certificate before those that sign it.",
        key.display(), chain.display()
    )]
    Mismatch {
        /// The file of the certificates.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// The certificate or the key is of a kind that is not supported, or not what its label says.
    #[error(
        "`{}` and `{}`: expected a certificate (X.509) and its key (RSA of 2048 to 8192 bits, ECDSA P-256, P-384 or P-521, \
        or Ed25519), found: {source}. Make new ones of these kinds.",
        chain.display(), key.display()
    )]
    Unsupported {
        /// The file of the certificates.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
        /// What is wrong with them.
        source: Error,
    },
}

impl Tls {
    /// Reads a chain of certificates (the server's first) and its private key (PKCS#8, PKCS#1 or SEC1, without a password),
    /// both as PEM. They may be in one file. Whether the certificate is still valid, and for which host, is for clients to
    /// judge. An error if a file cannot be read, has not what it should, or the two do not belong together.
    pub fn read(chain: impl AsRef<Path>, key: impl AsRef<Path>) -> Result<Self, TlsError> {
        let (chain, key) = (chain.as_ref(), key.as_ref());
        let (certificates, private) = (certificates(chain)?, private_key(key)?);
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("ring knows the ciphers of TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(certificates, private)
            .map_err(|source| match source {
                Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                    TlsError::Mismatch { chain: chain.to_owned(), key: key.to_owned() }
                }
                _ => TlsError::Unsupported { chain: chain.to_owned(), key: key.to_owned(), source },
            })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { config: Arc::new(config) })
    }

    /// What accepts connections with it.
    pub fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(Arc::clone(&self.config))
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = content(path, "certificates in PEM")?;
    let read = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) => Err(TlsError::NoCertificate { path: path.to_owned(), found: "none".to_owned() }),
        Err(error) => Err(TlsError::NoCertificate { path: path.to_owned(), found: format!("a damaged one ({error})") }),
    }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let bytes = content(path, "a private key in PEM")?;
    PrivateKeyDer::from_pem_slice(&bytes).map_err(|error| {
        // The error itself is not told: it might quote the key.
        let found = match error {
            _ if bytes.windows(9).any(|window| window == b"ENCRYPTED") => "one that is locked by a password",
            pem::Error::NoItemsFound => "none",
            _ => "a damaged one",
        };
        TlsError::NoKey { path: path.to_owned(), found }
    })
}

fn content(path: &Path, expected: &'static str) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { path: path.to_owned(), expected, source })
}
