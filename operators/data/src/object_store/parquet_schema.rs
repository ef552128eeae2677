//! Schemas of Parquet objects, from their last bytes alone.

use std::ops::Range;
use std::panic::AssertUnwindSafe;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use object_store::path::Path as Location;
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::arrow_reader::ArrowReaderMetadata;
use parquet::arrow::async_reader::MetadataFetch;
use parquet::errors::ParquetError;
use parquet::file::metadata::ParquetMetaDataReader;

use super::address::Address;
use super::io_runtime::PATIENCE;
use super::store::{head, of_objects};
use super::store_error::from_query;
use crate::decoder_panic::panicked;
use crate::parquet_file::check_ranges;
use crate::{DataError, Result};

/// So many last bytes are asked for at once: most footers are shorter.
const FOOTER: usize = 1 << 16;

/// The schemas of those files that are objects, in the order of the files. A damaged one is named.
pub(crate) fn parquet_schemas(files: &[PathBuf]) -> Result<Vec<Option<SchemaRef>>> {
    of_objects(files, |store, address| async move { schema(store, &address).await })
}

/// Parts of an object.
struct Ranges {
    store: Arc<dyn ObjectStore>,
    location: Location,
}

impl MetadataFetch for Ranges {
    fn fetch(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        let part = tokio::time::timeout(PATIENCE, self.store.get_range(&self.location, range));
        let external = |error| ParquetError::External(error);
        part.map(move |part| part.map_err(|error| external(error.into()))?.map_err(|error| external(error.into())))
            .boxed()
    }
}

async fn schema(store: Arc<dyn ObjectStore>, address: &Address) -> Result<SchemaRef> {
    let length = head(address, store.as_ref()).await?.size;
    let path = address.path();
    if length < 12 {
        return Err(DataError::damaged(&path, format!("{length} bytes")));
    }
    let location = address.location()?;
    let metadata = AssertUnwindSafe(async {
        let reader = ParquetMetaDataReader::new().with_prefetch_hint(Some(FOOTER));
        let metadata = reader.load_and_finish(Ranges { store, location }, length).await?;
        ArrowReaderMetadata::try_new(Arc::new(metadata), Default::default())
    });
    let metadata = metadata.catch_unwind().await.unwrap_or_else(|panic| Err(panicked(panic.as_ref())));
    let metadata = metadata.map_err(|error: ParquetError| {
        from_query(&address.to_string(), &error).unwrap_or_else(|| DataError::damaged(&path, error))
    })?;
    check_ranges(metadata.metadata(), &path, length)?;
    Ok(metadata.schema().clone())
}
