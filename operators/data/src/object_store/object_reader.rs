//! Object reader: the bytes of an object from front to back, as they arrive. Broken connections are taken up again where
//! they ended.

use std::io::{self, Read};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt;
use object_store::{GetOptions, GetRange, GetResult, ObjectMeta, ObjectStore};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;

use super::address::Address;
use super::io_runtime::{PATIENCE, handle};
use super::store::shared;
use super::store_error::{changed, data_error, silent};
use crate::{DataError, Result};

/// Pieces that wait to be read; the network is faster than a parser, and memory is not to grow with the object.
const PIECES: usize = 32;
/// Answers that may break one after the other without a byte in between; the client has repeated each of them.
const ATTEMPTS: u32 = 2;

/// The bytes of an object.
#[derive(Debug)]
pub(crate) struct ObjectReader {
    pieces: mpsc::Receiver<Piece>,
    rest: Bytes,
    ended: bool,
    download: AbortHandle,
}

#[derive(Debug)]
enum Piece {
    /// The object is there.
    Opened,
    Bytes(Bytes, #[allow(dead_code, reason = "makes room for the next piece when it is dropped")] OwnedSemaphorePermit),
    End,
    Failed(DataError),
}

impl ObjectReader {
    /// Begins to read; an error if the object is not there, or not for us.
    pub fn open(address: &Address) -> Result<Self> {
        let store = shared(address)?;
        let (sender, pieces) = mpsc::channel();
        let download = Download { address: address.clone(), store, sender, read: 0, of: None };
        let download = handle(&address.path())?.spawn(download.run()).abort_handle();
        let reader = Self { pieces, rest: Bytes::new(), ended: false, download };
        match reader.pieces.recv() {
            Ok(Piece::Failed(error)) => Err(error),
            Ok(_) => Ok(reader),
            Err(_) => Err(DataError::io(address.path())(stopped())),
        }
    }
}

fn stopped() -> io::Error {
    io::Error::other("the download ended without an answer")
}

impl Read for ObjectReader {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() && !self.ended {
            // The end is said: a download that just stops is no end.
            match self.pieces.recv().map_err(|_| stopped())? {
                Piece::Opened => {}
                Piece::Bytes(bytes, _) => self.rest = bytes,
                Piece::End => self.ended = true,
                Piece::Failed(error) => return Err(io::Error::other(error)),
            }
        }
        let given = self.rest.len().min(out.len());
        out[..given].copy_from_slice(&self.rest.split_to(given));
        Ok(given)
    }
}

impl Drop for ObjectReader {
    fn drop(&mut self) {
        self.download.abort();
    }
}

struct Download {
    address: Address,
    store: Arc<dyn ObjectStore>,
    sender: mpsc::Sender<Piece>,
    /// Bytes that have arrived.
    read: u64,
    /// The object, since its first answer.
    of: Option<ObjectMeta>,
}

impl Download {
    async fn run(mut self) {
        let room = Arc::new(Semaphore::new(PIECES));
        let mut broken = 0;
        loop {
            let before = self.read;
            let error = match self.stream(&room).await {
                Ok(()) => {
                    // A reader that is gone wants no end.
                    let _ = self.sender.send(Piece::End);
                    return;
                }
                Err(error) => error,
            };
            broken = if self.read > before { 1 } else { broken + 1 };
            // What could not even be begun was repeated by the client, and of what has no name nobody knows whether it is
            // still the same.
            if !self.of.as_ref().is_some_and(is_known)
                || broken > ATTEMPTS
                || !matches!(error, DataError::Unreachable { .. })
            {
                let _ = self.sender.send(Piece::Failed(error));
                return;
            }
            tokio::time::sleep(Duration::from_millis(100 << broken)).await;
        }
    }

    /// Sends what is left of the object, from one answer.
    async fn stream(&mut self, room: &Arc<Semaphore>) -> Result<()> {
        let size = self.of.as_ref().map(|of| of.size);
        if size == Some(self.read) {
            return Ok(());
        }
        let answer = self.request().await?;
        let size = answer.meta.size;
        match &self.of {
            None => {
                self.of = Some(answer.meta.clone());
                let _ = self.sender.send(Piece::Opened);
            }
            Some(of) if is_same(of, &answer.meta) => {}
            Some(_) => return Err(changed(&self.address)),
        }
        let mut bytes = answer.into_stream();
        loop {
            // First room, then the clock: a slow reader is no silent store.
            let Ok(permit) = room.clone().acquire_owned().await else { return Ok(()) };
            match tokio::time::timeout(PATIENCE, bytes.next()).await.map_err(|_| silent(&self.address))? {
                Some(Ok(piece)) => {
                    self.read += piece.len() as u64;
                    if self.sender.send(Piece::Bytes(piece, permit)).is_err() {
                        return Ok(());
                    }
                }
                Some(Err(error)) => return Err(data_error(&self.address, &error)),
                None if self.read == size => return Ok(()),
                None => {
                    return Err(DataError::Unreachable {
                        address: self.address.to_string(),
                        found: format!("{} of {size} bytes", self.read),
                        hint: "The connection broke again and again: run again later.".to_owned(),
                    });
                }
            }
        }
    }

    async fn request(&self) -> Result<GetResult> {
        let mut options = GetOptions::default();
        if self.of.is_some() {
            options.range = Some(GetRange::Offset(self.read));
        }
        let location = self.address.location()?;
        let answer = tokio::time::timeout(PATIENCE, self.store.get_opts(&location, options)).await;
        let answer = answer.map_err(|_| silent(&self.address))?;
        answer.map_err(|error| data_error(&self.address, &error))
    }
}

/// Whether two answers are about the same bytes.
fn is_same(before: &ObjectMeta, now: &ObjectMeta) -> bool {
    before.size == now.size
        && match (&before.e_tag, &now.e_tag) {
            (Some(before), Some(now)) => before == now,
            (None, None) => is_known(before) && before.last_modified == now.last_modified,
            _ => false,
        }
}

/// Whether the store tells one version from the next: by a tag, or by a time, which is 1970 where it tells none.
pub(super) fn is_known(meta: &ObjectMeta) -> bool {
    meta.e_tag.is_some() || meta.version.is_some() || meta.last_modified.timestamp_micros() != 0
}
