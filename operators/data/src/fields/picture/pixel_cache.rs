//! Cache of pixels: decoded pictures in a temporary file of bounded size; the least recently used make room.

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Mutex;

use hashlink::LruCache;

use crate::fields::image_settings::ImageSettings;
use crate::index::Row;

/// Parts of the cache that threads use at once.
const SHARDS: usize = 16;

/// Decoded pictures of one length. It is a help, never needed: where the disk is full or cannot be written to, pictures
/// are decoded anew.
#[derive(Debug)]
pub(crate) struct PixelCache {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Debug)]
struct Shard {
    file: File,
    /// The place in the file of each row, the least recently used first.
    places: LruCache<Row, u32>,
    taken: u32,
    most: u32,
}

impl PixelCache {
    /// The cache that the settings ask for, in a folder.
    pub fn of(settings: ImageSettings, folder: &Path) -> Option<Self> {
        Self::create(folder, settings.shape().len(), settings.cache_bytes())
    }

    /// A cache of at most so many bytes, and at most half of what is free, in a file without a name in a folder; none if
    /// that has no room for anything.
    pub fn create(folder: &Path, len: usize, bytes: u64) -> Option<Self> {
        let free = rustix::fs::statvfs(folder).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize)).ok()?;
        let most = u32::try_from(bytes.min(free / 2) / len.max(1) as u64 / SHARDS as u64).unwrap_or(u32::MAX);
        let shard = |_| {
            let file = tempfile::tempfile_in(folder).ok()?;
            Some(Mutex::new(Shard { file, places: LruCache::new_unbounded(), taken: 0, most }))
        };
        let shards: Option<Vec<_>> = (0..SHARDS).map(shard).collect();
        (most > 0).then_some(Self { shards: shards? })
    }

    /// Copies the pixels of a row, if they are here.
    pub fn read(&self, row: Row, out: &mut [u8]) -> bool {
        self.shard(row, |shard| {
            let Some(&place) = shard.places.get(&row) else { return false };
            let read = shard.seek(place, out.len()).and_then(|()| shard.file.read_exact(out));
            read.is_ok()
        })
    }

    /// Keeps the pixels of a row.
    pub fn write(&self, row: Row, pixels: &[u8]) {
        self.shard(row, |shard| {
            if shard.places.contains_key(&row) {
                return;
            }
            let place = match shard.taken < shard.most {
                true => shard.taken,
                false => match shard.places.remove_lru() {
                    Some((_, place)) => place,
                    None => return,
                },
            };
            match shard.seek(place, pixels.len()).and_then(|()| shard.file.write_all(pixels)) {
                Ok(()) => {
                    shard.taken = shard.taken.max(place + 1);
                    shard.places.insert(row, place);
                }
                // The disk is full: the cache stays as large as it is.
                Err(_) => shard.most = shard.taken,
            }
        });
    }

    fn shard<T>(&self, row: Row, work: impl FnOnce(&mut Shard) -> T) -> T {
        let shard = &self.shards[row.index() % SHARDS];
        // A panic in between leaves at worst a place that nobody reads.
        work(&mut shard.lock().unwrap_or_else(|poisoned| poisoned.into_inner()))
    }
}

impl Shard {
    fn seek(&mut self, place: u32, len: usize) -> Result<()> {
        self.file.seek(SeekFrom::Start(u64::from(place) * len as u64)).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_recently_used_make_room() {
        let folder = tempfile::tempdir().unwrap();
        // Two places a shard; these rows are all of one shard.
        let cache = PixelCache::create(folder.path(), 3, 2 * 3 * SHARDS as u64).unwrap();
        let row = |nth: usize| Row((nth * SHARDS) as u32);
        let mut out = [0; 3];
        (0..2).for_each(|nth| cache.write(row(nth), &[nth as u8; 3]));
        assert!(cache.read(row(0), &mut out) && out == [0; 3]);
        cache.write(row(2), &[2; 3]);
        assert!(!cache.read(row(1), &mut out));
        assert!(cache.read(row(0), &mut out) && out == [0; 3]);
        assert!(cache.read(row(2), &mut out) && out == [2; 3]);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        assert!(PixelCache::create(folder.path(), 1000, 100).is_none());
        assert!(PixelCache::create(&folder.path().join("none"), 1, 1000).is_none());
    }
}
