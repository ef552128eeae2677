//! Store clients: one for each bucket or host, with the credentials of the environment and retries.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

use datafusion::execution::object_store::ObjectStoreUrl;
use futures::{StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::client::ClientConfigKey;
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::{BackoffConfig, ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};

use super::address::{Address, Kind};
use super::io_runtime::{PATIENCE, wait};
use super::store_error::{data_error, silent};
use super::web_store::WebStore;
use super::{credentials, variables};
use crate::{DataError, Result, Session};

/// So long may one answer take to its last byte. Long answers are resumed after it.
const TIMEOUT: &str = "10 minutes";

/// Requests at the same time.
const AT_ONCE: usize = 16;

/// Clients whose connections belong to the I/O runtime, by their root and query, and the variables of their time.
type Shared = HashMap<(String, Option<String>, u64), Arc<dyn ObjectStore>>;
static SHARED: LazyLock<Mutex<Shared>> = LazyLock::new(Mutex::default);

/// The client of an address, for use on the I/O runtime only.
pub(super) fn shared(address: &Address) -> Result<Arc<dyn ObjectStore>> {
    let key = (address.root(), address.query.clone(), variables::changes());
    let clients = || SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = clients().get(&key).cloned();
    if let Some(store) = known {
        return Ok(store);
    }
    // Without the lock: to look for credentials may take a second.
    let store = build(address)?;
    clients().insert(key, store.clone());
    Ok(store)
}

/// Gives a session clients for these files, so far as they are objects. They are its own, because connections end with
/// the runtime that opened them.
pub(crate) fn register(session: &Session, files: &[PathBuf]) -> Result<()> {
    for file in files {
        let Some(address) = Address::of(file)? else { continue };
        let url = ObjectStoreUrl::parse(address.session_root())?;
        let environment = session.runtime_env();
        if environment.object_store(&url).is_err() {
            environment.register_object_store(url.as_ref(), build(&address)?);
        }
    }
    Ok(())
}

/// What is asked about those files that are objects, some at the same time, in the order of the files; none of the others.
pub(super) fn of_objects<T: Clone + Send + 'static, F: Future<Output = Result<T>> + Send + 'static>(
    files: &[PathBuf],
    ask: impl Fn(Arc<dyn ObjectStore>, Address) -> F,
) -> Result<Vec<Option<T>>> {
    let mut found = vec![None; files.len()];
    let (mut places, mut asked) = (Vec::new(), Vec::new());
    for (at, file) in files.iter().enumerate() {
        if let Some(address) = Address::of(file)? {
            places.push(at);
            asked.push(ask(shared(&address)?, address));
        }
    }
    let Some(&first) = places.first() else { return Ok(found) };
    let answers = futures::stream::iter(asked).buffered(AT_ONCE).try_collect::<Vec<T>>();
    for (at, answer) in places.into_iter().zip(wait(&files[first], answers)?) {
        found[at] = Some(answer);
    }
    Ok(found)
}

/// What the store says of an object without reading it.
pub(super) async fn head(address: &Address, store: &dyn ObjectStore) -> Result<ObjectMeta> {
    let location = address.location()?;
    let found = tokio::time::timeout(PATIENCE, store.head(&location)).await.map_err(|_| silent(address))?;
    found.map_err(|error| data_error(address, &error))
}

/// The length of an object in bytes.
pub(crate) fn length(address: &Address) -> Result<u64> {
    let (store, of) = (shared(address)?, address.clone());
    wait(&address.path(), async move { Ok(head(&of, store.as_ref()).await?.size) })
}

/// A client with the settings of the environment.
fn build(address: &Address) -> Result<Arc<dyn ObjectStore>> {
    let all = variables::all();
    let signed = credentials::given(address.kind, &all);
    let retry = RetryConfig {
        backoff: BackoffConfig { init_backoff: Duration::from_millis(100), ..Default::default() },
        max_retries: 6,
        retry_timeout: Duration::from_secs(600),
    };
    let named = |prefix: &'static str| {
        all.iter()
            .filter(move |(name, value)| name.starts_with(prefix) && !value.is_empty())
            .map(|(name, value)| (name.to_lowercase(), value))
    };
    let built: object_store::Result<Arc<dyn ObjectStore>> = match address.kind {
        Kind::S3 => {
            let timeout = AmazonS3ConfigKey::Client(ClientConfigKey::Timeout);
            let mut builder = AmazonS3Builder::new().with_config(timeout, TIMEOUT);
            for (name, value) in named("AWS_") {
                // Names that are not those of a setting are those of other programs.
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            let builder = builder.with_bucket_name(&address.authority).with_retry(retry);
            let builder = if signed { builder } else { builder.with_skip_signature(true) };
            builder.build().map(|store| Arc::new(store) as _)
        }
        Kind::Google => {
            let timeout = GoogleConfigKey::Client(ClientConfigKey::Timeout);
            let mut builder = GoogleCloudStorageBuilder::new().with_config(timeout, TIMEOUT);
            for (name, value) in named("GOOGLE_") {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            let builder = builder.with_bucket_name(&address.authority).with_retry(retry);
            let builder = if signed { builder } else { builder.with_skip_signature(true) };
            builder.build().map(|store| Arc::new(store) as _)
        }
        Kind::Azure => {
            let timeout = AzureConfigKey::Client(ClientConfigKey::Timeout);
            let mut builder = MicrosoftAzureBuilder::new().with_config(timeout, TIMEOUT);
            for (name, value) in named("AZURE_").chain(named("IDENTITY_")) {
                if let Ok(key) = name.parse() {
                    builder = builder.with_config(key, value);
                }
            }
            let builder = builder.with_url(address.root()).with_retry(retry);
            let builder = if signed { builder } else { builder.with_skip_signature(true) };
            builder.build().map(|store| Arc::new(store) as _)
        }
        Kind::Web => {
            let query = address.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
            // Whoever writes `http://` wants no encryption.
            let options = ClientOptions::new().with_allow_http(address.scheme == "http");
            let options = options.with_config(ClientConfigKey::Timeout, TIMEOUT);
            let builder = HttpBuilder::new().with_url(format!("{}/{query}", address.root()));
            builder.with_client_options(options).with_retry(retry).build().map(|store| Arc::new(WebStore(store)) as _)
        }
    };
    built.map_err(|error| DataError::Denied {
        address: address.to_string(),
        found: format!("the store's settings do not suffice (`{error}`)"),
        hint: credentials::remedy(address.kind).to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_store_without_encryption_must_be_allowed() {
        for (name, value) in [
            ("AWS_ACCESS_KEY_ID", "someone"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            // No program listens at this port, which is reserved.
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
        ] {
            variables::set_store_variable(name, value);
        }
        let address = Address::of(Path::new("s3://b/t.csv")).unwrap().unwrap();
        let error = length(&address).unwrap_err();
        assert!(matches!(&error, DataError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("AWS_ALLOW_HTTP=true"), "{error}");
    }
}
