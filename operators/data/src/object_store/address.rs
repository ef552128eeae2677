//! Address of an object: the store, the bucket or host, and the key.

use std::fmt;
use std::hash::Hasher;
use std::path::{Path, PathBuf};

use object_store::path::Path as Location;
use twox_hash::XxHash64;

use crate::{DataError, Result};

/// What kind of store answers at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    S3,
    Google,
    Azure,
    /// A web server: it has files, but no list of them.
    Web,
}

/// `s3://bucket/key`, `https://host/path?query` and the like, in its parts.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub kind: Kind,
    /// What stands before `://`.
    pub scheme: String,
    /// The bucket or container, or host and port.
    pub authority: String,
    /// The key, without a slash at its start; of a web address decoded.
    pub key: String,
    /// What stands after `?` in a web address.
    pub query: Option<String>,
}

/// Whether a path is the address of an object, not a file of this computer.
///
/// ```
/// use relata_data::source::is_address;
///
/// assert!(is_address("s3://bucket/digits.parquet") && is_address("https://example.org/digits.csv"));
/// assert!(!is_address("data/digits.csv"));
/// ```
pub fn is_address(path: impl AsRef<Path>) -> bool {
    path.as_ref().to_str().is_some_and(|text| split(text).is_some())
}

/// Scheme and rest, if there are both.
fn split(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    let word = scheme.len() > 1 && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
    word.then_some((scheme, rest))
}

impl Address {
    /// The address that a path is, if it is one; an error if nothing here reads its scheme.
    pub fn of(path: &Path) -> Result<Option<Self>> {
        let Some((scheme, rest)) = path.to_str().and_then(split) else { return Ok(None) };
        let unreadable = |expected: &str, found: String, hint: &str| DataError::Unreadable {
            path: path.to_path_buf(),
            expected: expected.to_owned(),
            found,
            hint: hint.to_owned(),
        };
        let kind = match scheme.to_ascii_lowercase().as_str() {
            "s3" | "s3a" => Kind::S3,
            "gs" => Kind::Google,
            "az" | "azure" | "adl" | "abfs" | "abfss" => Kind::Azure,
            "http" | "https" => Kind::Web,
            other => {
                let expected = "a path, or an address that starts with s3://, gs://, az://, abfss:// or https://";
                let hint = "Copy the files to this computer or to such a store.";
                return Err(unreadable(expected, format!("`{other}://`"), hint));
            }
        };
        let (authority, key) = rest.split_once('/').unwrap_or((rest, ""));
        if authority.is_empty() {
            let hint = "Write it as in `s3://bucket/folder/file.parquet`.";
            return Err(unreadable("a bucket or host after `://`", "none".to_owned(), hint));
        }
        let key = key.trim_start_matches('/');
        let (key, query) = match kind {
            Kind::Web => {
                let key = key.split('#').next().unwrap_or_default();
                let (key, query) = key.split_once('?').map_or((key, None), |(key, query)| (key, Some(query)));
                let decoded = Location::from_url_path(key).map_err(|error| {
                    unreadable("a web address", format!("`{error}`"), "Write special characters as `%20` and the like.")
                })?;
                // A slash at the end says that a folder is meant.
                let slash = if key.ends_with('/') { "/" } else { "" };
                (format!("{decoded}{slash}"), query.map(str::to_owned))
            }
            _ => (key.to_owned(), None),
        };
        Ok(Some(Self { kind, scheme: scheme.to_ascii_lowercase(), authority: authority.to_owned(), key, query }))
    }

    /// Scheme, and bucket or host.
    pub fn root(&self) -> String {
        format!("{}://{}", self.scheme, self.authority)
    }

    /// Another key of the same store.
    pub fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// The key as the store takes it.
    pub fn location(&self) -> Result<Location> {
        Location::parse(&self.key).map_err(|error| DataError::Unreadable {
            path: self.path(),
            expected: "a key without empty, `.` or `..` parts".to_owned(),
            found: format!("`{error}`"),
            hint: "Rename the object: no other program reads such keys reliably either.".to_owned(),
        })
    }

    /// The address as a path, which is what errors, plans and fingerprints name.
    pub fn path(&self) -> PathBuf {
        self.to_string().into()
    }

    /// The store of this address in a session.
    pub fn session_root(&self) -> String {
        // Sessions know stores by their host alone, which does not tell containers of one account and queries apart.
        let plain = self.authority.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:_[]".contains(&byte));
        if plain && self.query.is_none() {
            return self.root();
        }
        let mut hasher = XxHash64::with_seed(0);
        hasher.write(self.authority.as_bytes());
        hasher.write(self.query.as_deref().unwrap_or_default().as_bytes());
        format!("{}://store-{:016x}", self.scheme, hasher.finish())
    }

    /// The object's address in a session.
    pub fn session_url(&self) -> String {
        format!("{}/{}", self.session_root(), escaped(self.key.as_bytes()))
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Web => write!(f, "{}/{}", self.root(), escaped(self.key.as_bytes()))?,
            _ => write!(f, "{}/{}", self.root(), self.key)?,
        }
        self.query.as_ref().map_or(Ok(()), |query| write!(f, "?{query}"))
    }
}

/// Bytes that an address may not hold as they are, as `%20` and the like.
pub(crate) fn escaped(path: &[u8]) -> String {
    let mut escaped = String::new();
    for &byte in path {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => escaped.push(byte.into()),
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Address {
        Address::of(Path::new(text)).unwrap().unwrap()
    }

    #[test]
    fn addresses_fall_into_their_parts_and_come_back() {
        for (text, kind, root, key) in [
            ("s3://b/k/x y%20=1.csv", Kind::S3, "s3://b", "k/x y%20=1.csv"),
            ("s3a://b", Kind::S3, "s3a://b", ""),
            ("gs://b/part-*.parquet", Kind::Google, "gs://b", "part-*.parquet"),
            ("abfss://c@a.dfs.core.windows.net/k/", Kind::Azure, "abfss://c@a.dfs.core.windows.net", "k/"),
            ("https://h:8080/a%20b.csv?x=1", Kind::Web, "https://h:8080", "a b.csv"),
            ("http://h/folder/", Kind::Web, "http://h", "folder/"),
        ] {
            let address = of(text);
            assert_eq!((address.kind, address.root().as_str(), address.key.as_str()), (kind, root, key));
            assert_eq!(of(&address.to_string()), address);
        }
        assert_eq!(of("https://h/a%20b.csv?x=1").to_string(), "https://h/a%20b.csv?x=1");
        assert!(Address::of(Path::new("data/s3/x.csv")).unwrap().is_none());
        for wrong in ["ftp://h/x.csv", "s3:///x.csv"] {
            let error = Address::of(Path::new(wrong)).unwrap_err().to_string();
            assert!(error.contains("s3://"), "{error}");
        }
    }

    #[test]
    fn sessions_tell_stores_apart() {
        assert_eq!(of("s3://b/a b%.csv").session_url(), "s3://b/a%20b%25.csv");
        let roots = ["https://h/x?a", "https://h/x?b", "https://h/x", "abfss://c@a.x/k", "abfss://d@a.x/k"];
        let mut roots: Vec<_> = roots.map(|text| of(text).session_root()).to_vec();
        roots.sort();
        roots.dedup();
        assert_eq!(roots.len(), 5);
    }
}
