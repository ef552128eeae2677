//! Web store: one file of a web server. Servers that refuse to tell of a file without sending it, as those of signed
//! addresses do, are asked for the file, and the answer is cut off after its head.

use std::fmt;

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::http::HttpStore;
use object_store::path::Path as Location;
use object_store::{
    CopyOptions, Error as StoreError, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use super::store_error::status;

/// A web server that is read only, and has no list.
#[derive(Debug)]
pub(super) struct WebStore(pub HttpStore);

impl fmt::Display for WebStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn not_here<T>(operation: &str) -> Result<T> {
    Err(StoreError::NotImplemented { operation: operation.to_owned(), implementer: "WebStore".to_owned() })
}

#[async_trait]
impl ObjectStore for WebStore {
    async fn get_opts(&self, location: &Location, options: GetOptions) -> Result<GetResult> {
        if !options.head {
            return self.0.get_opts(location, options).await;
        }
        match self.0.get_opts(location, options.clone()).await {
            Err(error) if status(&error).is_some() => {
                self.0.get_opts(location, GetOptions { head: false, ..options }).await
            }
            answer => answer,
        }
    }

    fn list(&self, _: Option<&Location>) -> BoxStream<'static, Result<ObjectMeta>> {
        Box::pin(futures::stream::once(async { not_here("list") }))
    }

    async fn list_with_delimiter(&self, _: Option<&Location>) -> Result<ListResult> {
        not_here("list")
    }

    async fn put_opts(&self, _: &Location, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        not_here("put")
    }

    async fn put_multipart_opts(&self, _: &Location, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        not_here("put")
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Location>>) -> BoxStream<'static, Result<Location>> {
        Box::pin(futures::stream::once(async { not_here("delete") }))
    }

    async fn copy_opts(&self, _: &Location, _: &Location, _: CopyOptions) -> Result<()> {
        not_here("copy")
    }
}
