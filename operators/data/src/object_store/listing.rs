//! Listing of a store: the objects that an address means. It is the key of one, the beginning of the keys of several
//! (a folder), or a pattern of `*`, `?` and `**`.

use std::path::{Path, PathBuf};

use futures::TryStreamExt;
use object_store::path::Path as Location;
use object_store::{Error as StoreError, ObjectStore};

use super::address::{Address, Kind};
use super::io_runtime::wait;
use super::store::{head, shared};
use super::store_error::data_error;
use crate::pattern::{has_extension, is_pattern, matches};
use crate::{DataError, Result};

/// So many neighbours of what is missing are named.
const NEIGHBOURS: usize = 5;

/// The addresses of the objects, sorted. Folders are searched to any depth for the `extensions`; names that start with a
/// dot or an underscore are left out. No object at all is an error that says what is there instead.
pub(crate) fn expand(address: &Address, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let store = shared(address)?;
    let (of, extensions) = (address.clone(), extensions.iter().map(|&e| e.to_owned()).collect::<Vec<_>>());
    wait(&address.path(), async move {
        let extensions: Vec<&str> = extensions.iter().map(String::as_str).collect();
        let listing = Listing { store: store.as_ref(), of: &of, extensions: &extensions };
        listing.expand().await
    })
}

struct Listing<'a> {
    store: &'a dyn ObjectStore,
    of: &'a Address,
    extensions: &'a [&'a str],
}

impl Listing<'_> {
    async fn expand(&self) -> Result<Vec<PathBuf>> {
        let key = self.of.key.as_str();
        if self.of.kind == Kind::Web {
            return self.web_file().await;
        }
        let folder = key.is_empty() || key.ends_with('/');
        if is_pattern(key) {
            let fixed = key.split('/').take_while(|part| !is_pattern(part)).collect::<Vec<_>>().join("/");
            let parts: Vec<&str> = key.split('/').collect();
            let mut keys = self.below(&fixed).await?;
            keys.retain(|key| matches_parts(&parts, &key.split('/').collect::<Vec<_>>()));
            let none = || self.missing(self.of, "No object matches the pattern.".to_owned());
            return if keys.is_empty() { Err(none()) } else { Ok(self.paths(keys)) };
        }
        if !folder {
            match head(self.of, self.store).await {
                Ok(_) => return Ok(vec![self.of.path()]),
                Err(DataError::Missing { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        let folder = key.trim_end_matches('/');
        let mut keys = self.below(folder).await?;
        if keys.is_empty() {
            let neighbours = self.neighbours(folder).await;
            return Err(self.missing(self.of, neighbours));
        }
        keys.retain(|key| {
            let below = key.strip_prefix(folder).unwrap_or(key);
            let hidden = below.split('/').any(|part| part.starts_with(['.', '_']));
            !hidden && has_extension(Path::new(key), self.extensions)
        });
        if keys.is_empty() {
            let hint = format!("The folder has no file that ends in .{}.", self.extensions.join(" or ."));
            let all = self.of.with_key(format!("{folder}/*.{}", self.extensions[0]).trim_start_matches('/'));
            return Err(self.missing(&all, hint));
        }
        Ok(self.paths(keys))
    }

    /// A web server has no list of its files.
    async fn web_file(&self) -> Result<Vec<PathBuf>> {
        let key = self.of.key.as_str();
        let found = match () {
            () if key.contains('*') => "a pattern",
            () if key.is_empty() || key.ends_with('/') => "a folder",
            () => {
                head(self.of, self.store).await?;
                return Ok(vec![self.of.path()]);
            }
        };
        Err(DataError::Unreadable {
            path: self.of.path(),
            expected: "the address of one file, because a web server has no list of its files".to_owned(),
            found: found.to_owned(),
            hint: "Name the file. Several are read as tables of one query: `sql(\"SELECT * FROM a UNION ALL SELECT * \
                   FROM b\").table(\"a\", ..).table(\"b\", ..)`."
                .to_owned(),
        })
    }

    /// The keys of all objects in a folder, at any depth.
    async fn below(&self, folder: &str) -> Result<Vec<String>> {
        let location = self.of.with_key(folder).location()?;
        let all = self.store.list(Some(&location)).map_ok(|meta| meta.location.to_string());
        let all: Result<Vec<_>, StoreError> = all.try_collect().await;
        all.map_err(|error| match data_error(self.of, &error) {
            DataError::Missing { .. } => {
                let hint = "There is no such bucket: check its name and, at Amazon, AWS_REGION.".to_owned();
                self.missing(&self.of.with_key(""), hint)
            }
            error => error,
        })
    }

    fn paths(&self, mut keys: Vec<String>) -> Vec<PathBuf> {
        keys.sort();
        keys.iter().map(|key| self.of.with_key(key).path()).collect()
    }

    fn missing(&self, address: &Address, hint: String) -> DataError {
        DataError::Missing { path: address.path(), hint }
    }

    /// What there is beside a key that is not there.
    async fn neighbours(&self, key: &str) -> String {
        let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder);
        let shown = self.of.with_key(folder);
        let listed = match Location::parse(folder) {
            Ok(location) => self.store.list_with_delimiter(Some(&location)).await.ok(),
            Err(_) => None,
        };
        let Some(listed) = listed else { return "Check the address.".to_owned() };
        let name = |location: &Location| location.filename().unwrap_or_default().to_owned();
        let files = listed.objects.iter().map(|meta| name(&meta.location));
        let folders = listed.common_prefixes.iter().map(|prefix| format!("{}/", name(prefix)));
        let (near, other): (Vec<_>, Vec<_>) = files.partition(|name| has_extension(Path::new(name), self.extensions));
        let names: Vec<String> = near.into_iter().chain(folders).chain(other).take(NEIGHBOURS).collect();
        match names.is_empty() {
            true => format!("There is nothing in `{shown}` at all: check the address."),
            false => format!("In `{shown}` there is {}: check the spelling.", names.join(", ")),
        }
    }
}

/// Whether the parts of a key match those of a pattern, where `**` stands for any number of them.
fn matches_parts(pattern: &[&str], key: &[&str]) -> bool {
    match (pattern, key) {
        ([], []) => true,
        (["**", rest @ ..], key) => (0..=key.len()).any(|skipped| matches_parts(rest, &key[skipped..])),
        ([first, rest @ ..], [part, key @ ..]) => {
            matches(first.as_bytes(), part.as_bytes()) && matches_parts(rest, key)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_part_by_part() {
        let matches = |pattern: &str, key: &str| {
            matches_parts(&pattern.split('/').collect::<Vec<_>>(), &key.split('/').collect::<Vec<_>>())
        };
        assert!(matches("a/part-*.csv", "a/part-1.csv") && !matches("a/part-*.csv", "a/b/part-1.csv"));
        assert!(matches("a/**/x?.csv", "a/x1.csv") && matches("a/**/x?.csv", "a/b/c/x1.csv"));
        assert!(!matches("a/*", "a") && !matches("*.csv", "a/x.csv"));
    }
}
