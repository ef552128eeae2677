//! Identity of an object: a hash of what its store says of it, which tells whether it is still the same.

use std::hash::Hasher;
use std::path::PathBuf;

use object_store::ObjectMeta;
use twox_hash::XxHash64;

use super::address::Address;
use super::io_runtime::wait;
use super::object_reader::is_known;
use super::store::{head, of_objects, shared};
use crate::Result;

/// Length and identity of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Identity {
    /// Its length in bytes.
    pub length: u64,
    /// A hash of address, length, and entity tag or version, or else of the time of its last change; none if the store
    /// tells none of them.
    pub hash: Option<u64>,
}

/// The identity of an object.
pub(crate) fn identity(address: &Address) -> Result<Identity> {
    let (store, of) = (shared(address)?, address.clone());
    let asked = async move {
        let meta = head(&of, store.as_ref()).await?;
        Ok(Identity { length: meta.size, hash: hash(&of, &meta) })
    };
    wait(&address.path(), asked)
}

/// The identities of those files that are objects, in the order of the files.
pub(crate) fn identities(files: &[PathBuf]) -> Result<Vec<Option<Identity>>> {
    of_objects(files, |store, address| async move {
        let meta = head(&address, store.as_ref()).await?;
        Ok(Identity { length: meta.size, hash: hash(&address, &meta) })
    })
}

fn hash(address: &Address, meta: &ObjectMeta) -> Option<u64> {
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(address.to_string().as_bytes());
    hasher.write(&meta.size.to_le_bytes());
    match (&meta.e_tag, &meta.version) {
        (None, None) => {
            hasher.write(&meta.last_modified.timestamp_micros().to_le_bytes());
        }
        (tag, version) => {
            for part in [tag, version].into_iter().flatten() {
                hasher.write(part.as_bytes());
                hasher.write(&[0]);
            }
        }
    }
    is_known(meta).then(|| hasher.finish())
}
