//! Credentials of stores: the variables that hold them, and whether there are any.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

use super::address::Kind;

/// Where the machines of all three clouds answer what they may do.
const METADATA: ([u8; 4], u16) = ([169, 254, 169, 254], 80);

/// Variables of which any one says who reads.
fn variables(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::S3 => &[
            "AWS_ACCESS_KEY_ID",
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "AWS_METADATA_ENDPOINT",
            "AWS_SKIP_SIGNATURE",
        ],
        Kind::Google => &[
            "GOOGLE_SERVICE_ACCOUNT",
            "GOOGLE_SERVICE_ACCOUNT_PATH",
            "GOOGLE_SERVICE_ACCOUNT_KEY",
            "GOOGLE_APPLICATION_CREDENTIALS",
            "GOOGLE_SKIP_SIGNATURE",
        ],
        Kind::Azure => &[
            "AZURE_STORAGE_ACCOUNT_KEY",
            "AZURE_STORAGE_ACCESS_KEY",
            "AZURE_STORAGE_SAS_TOKEN",
            "AZURE_STORAGE_SAS_KEY",
            "AZURE_STORAGE_TOKEN",
            "AZURE_STORAGE_CLIENT_SECRET",
            "AZURE_CLIENT_SECRET",
            "AZURE_FEDERATED_TOKEN_FILE",
            "AZURE_STORAGE_USE_EMULATOR",
            "AZURE_USE_AZURE_CLI",
            "AZURE_MSI_ENDPOINT",
            "AZURE_SKIP_SIGNATURE",
            "IDENTITY_ENDPOINT",
        ],
        Kind::Web => &[],
    }
}

/// Whether there is anything to sign requests with. Without it they go out unsigned, which public data need.
pub(super) fn given(kind: Kind, variables_set: &BTreeMap<String, String>) -> bool {
    kind == Kind::Web || named(kind, variables_set) || machine_has_some()
}

fn named(kind: Kind, variables_set: &BTreeMap<String, String>) -> bool {
    variables(kind).iter().any(|name| variables_set.get(*name).is_some_and(|value| !value.is_empty()))
        || kind == Kind::Google && google_login(variables_set)
}

/// Whether someone has logged in with `gcloud auth application-default login`.
fn google_login(variables_set: &BTreeMap<String, String>) -> bool {
    let file = ".config/gcloud/application_default_credentials.json";
    variables_set.get("HOME").is_some_and(|home| Path::new(home).join(file).is_file())
}

/// Whether this is a machine of a cloud, which asks its own host. Elsewhere the question would be asked for minutes.
fn machine_has_some() -> bool {
    static ANSWERS: OnceLock<bool> = OnceLock::new();
    let ask = || TcpStream::connect_timeout(&SocketAddr::from(METADATA), Duration::from_secs(1)).is_ok();
    *ANSWERS.get_or_init(ask)
}

/// What to do where access is denied.
pub(super) fn remedy(kind: Kind) -> &'static str {
    match kind {
        Kind::S3 => {
            "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and AWS_SESSION_TOKEN, if there is one) to credentials \
             that may list and read the bucket, AWS_REGION to its region, and AWS_ENDPOINT_URL where it is not at \
             Amazon; or AWS_SKIP_SIGNATURE=true for public data. Profiles are not read: `aws configure \
             export-credentials --format env` writes these variables."
        }
        Kind::Google => {
            "Set GOOGLE_SERVICE_ACCOUNT or GOOGLE_APPLICATION_CREDENTIALS to a file of credentials that may list and \
             read the bucket, or log in with `gcloud auth application-default login`."
        }
        Kind::Azure => {
            "Set AZURE_STORAGE_ACCOUNT_NAME, and AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN, to those of an \
             account that may list and read the container; or AZURE_USE_AZURE_CLI=true after `az login`."
        }
        Kind::Web => "Download the file by a program that can log in, or ask for an address that needs no login.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_a_credential_unless_it_is_empty() {
        let set = |name: &str, value: &str| BTreeMap::from([(name.to_owned(), value.to_owned())]);
        assert!(named(Kind::S3, &set("AWS_ACCESS_KEY_ID", "x")));
        assert!(named(Kind::Google, &set("GOOGLE_APPLICATION_CREDENTIALS", "x.json")));
        assert!(named(Kind::Azure, &set("AZURE_STORAGE_SAS_TOKEN", "x")));
        assert!(given(Kind::Web, &BTreeMap::new()));
        assert!(!named(Kind::S3, &set("AWS_ACCESS_KEY_ID", "")) && !named(Kind::S3, &set("AWS_REGION", "x")));
    }
}
