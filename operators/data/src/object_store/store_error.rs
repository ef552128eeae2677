//! Store errors: from what a store answers to errors that say what to do.

use std::error::Error;
use std::path::Path;

use object_store::Error as StoreError;
use object_store::client::{HttpError, HttpErrorKind};

use super::address::{Address, Kind};
use super::{credentials, variables};
use crate::DataError;

/// Hosts that tell a machine of a cloud what it may do.
const MACHINE: [&str; 3] = ["//169.254.", "//metadata.google.internal", "//[fd00:ec2::"];

/// The error of a request about an address.
pub(super) fn data_error(address: &Address, error: &StoreError) -> DataError {
    match error {
        _ if is_of_machine(address, error) => no_credentials(address, error),
        StoreError::NotFound { .. } => missing(address),
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => denied(address, error),
        StoreError::Precondition { .. } | StoreError::NotModified { .. } => changed(address),
        // Lists are refused without a kind of their own.
        _ => match status(error) {
            Some(404) => missing(address),
            Some(401 | 403) => denied(address, error),
            _ => unreachable(address, error),
        },
    }
}

/// Whether it was the machine's own role that could not be had; the store was not even asked.
fn is_of_machine(address: &Address, error: &StoreError) -> bool {
    let text = error.to_string();
    address.kind != Kind::Web && MACHINE.iter().any(|host| text.contains(host))
}

fn no_credentials(address: &Address, error: &StoreError) -> DataError {
    let answer = answer(error).unwrap_or_else(|| "no answer".to_owned());
    DataError::Denied {
        address: address.to_string(),
        found: format!("no credentials are set, and this machine has none of its own ({answer})"),
        hint: credentials::remedy(address.kind).to_owned(),
    }
}

fn missing(address: &Address) -> DataError {
    let hint = "Check the address: no object has exactly this key.".to_owned();
    DataError::Missing { path: address.path(), hint }
}

/// The error of an object that is another one than when its reading began.
pub(crate) fn changed(address: &Address) -> DataError {
    DataError::Unreadable {
        path: address.path(),
        expected: "the same object from its first to its last byte".to_owned(),
        found: "another one that replaced it while it was read".to_owned(),
        hint: "Run again when no program writes it.".to_owned(),
    }
}

/// The error of a store that does not answer in time.
pub(super) fn silent(address: &Address) -> DataError {
    DataError::Unreachable {
        address: address.to_string(),
        found: "no answer for a minute".to_owned(),
        hint: "Check the network, and run again.".to_owned(),
    }
}

/// The error of a query over the objects at an address, if a store is its cause.
pub(crate) fn from_query(address: &str, error: &(dyn Error + 'static)) -> Option<DataError> {
    let address = Address::of(Path::new(address)).ok()??;
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<StoreError>() {
            return Some(data_error(&address, error));
        }
        cause = error.source();
    }
    None
}

fn denied(address: &Address, error: &StoreError) -> DataError {
    let signed = credentials::given(address.kind, &variables::all());
    let answer = answer(error).unwrap_or_else(|| "without a reason".to_owned());
    let found = match (address.kind, signed) {
        (Kind::Web, _) => format!("the server refuses it ({answer})"),
        (_, true) => format!("the store refuses it to these credentials ({answer})"),
        (_, false) => format!("no credentials were found, and the store refuses it to everybody ({answer})"),
    };
    DataError::Denied { address: address.to_string(), found, hint: credentials::remedy(address.kind).to_owned() }
}

fn unreachable(address: &Address, error: &StoreError) -> DataError {
    let mut cause: &(dyn Error + 'static) = error;
    let mut connecting = false;
    loop {
        let http = cause.downcast_ref::<HttpError>();
        connecting |= http.is_some_and(|http| matches!(http.kind(), HttpErrorKind::Connect));
        match cause.source() {
            Some(deeper) => cause = deeper,
            None => break,
        }
    }
    let found = answer(error).unwrap_or_else(|| cause.to_string());
    let redirected = found.contains("redirect without LOCATION") || found.contains("PermanentRedirect");
    let hint = match (address.kind, connecting) {
        (_, _) if found.contains("certificate") => {
            "The certificate of the server is not trusted here: set SSL_CERT_FILE to a file of the authorities that are."
        }
        (Kind::S3, _) if redirected => "The bucket is in another region: set AWS_REGION to its region.",
        (_, _) if error.to_string().contains("allow_http") || found.contains("URL scheme is not allowed") => {
            "The store's address begins with `http://`: set AWS_ALLOW_HTTP=true (or AZURE_ALLOW_HTTP, \
             GOOGLE_ALLOW_HTTP) to allow requests that are not encrypted."
        }
        (Kind::S3, true) => "Check the network, and AWS_ENDPOINT_URL and AWS_REGION.",
        (Kind::Google, true) => "Check the network, and GOOGLE_BASE_URL if it is set.",
        (Kind::Azure, true) => "Check the network, and AZURE_STORAGE_ACCOUNT_NAME and AZURE_STORAGE_ENDPOINT.",
        (Kind::Web, true) => "Check the name of the host, and the network.",
        (_, false) => "The request was repeated without success: run again later, or check the store.",
    };
    DataError::Unreachable { address: address.to_string(), found: format!("`{found}`"), hint: hint.to_owned() }
}

/// The status of the answer, which stands in the text alone.
pub(super) fn status(error: &StoreError) -> Option<u16> {
    let text = error.to_string();
    let (_, after) = text.split_once("status code: ")?;
    after.get(..3)?.parse().ok()
}

/// Code and message of the answer, which is a page of XML, or else its status.
fn answer(error: &StoreError) -> Option<String> {
    let text = error.to_string();
    let tag = |name: &str| {
        let (_, after) = text.split_once(&format!("<{name}>"))?;
        after.split_once(&format!("</{name}>")).map(|(inside, _)| inside.trim().to_owned())
    };
    if let Some(code) = tag("Code") {
        return Some(
            tag("Message").map_or(code.clone(), |message| format!("{code}: {}", message.trim_end_matches('.'))),
        );
    }
    let (_, status) = text.split_once("status code: ")?;
    let status: Vec<&str> = status.split(['\n', ':']).next()?.split_whitespace().collect();
    Some(status.join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_in_short() {
        let address = Address::of(Path::new("s3://b/t.csv")).unwrap().unwrap();
        let error = |text: &str| {
            let store = StoreError::Generic { store: "S3", source: text.to_owned().into() };
            data_error(&address, &store)
        };
        let denied = "Server returned non-2xx status code: 403 Forbidden: <Error><Code>AccessDenied</Code></Error>";
        let denied = error(denied).to_string();
        assert!(denied.contains("(AccessDenied)") && denied.contains("AWS_ACCESS_KEY_ID"), "{denied}");
        let machine = "Error performing PUT http://169.254.169.254/latest/api/token - status code: 403 Forbidden";
        let machine = error(machine).to_string();
        assert!(machine.contains("this machine has none of its own (403 Forbidden)"), "{machine}");
        let region = error("Received redirect without LOCATION").to_string();
        assert!(region.contains("set AWS_REGION"), "{region}");
        assert!(matches!(error("status code: 404 Not Found: "), DataError::Missing { .. }));
    }
}
