//! Object stores: files at `s3://`, `gs://`, `az://`, `abfss://`, `https://` and `http://` addresses, listed, read as
//! streams, and recognised without reading them.

mod address;
mod credentials;
mod identity;
mod io_runtime;
mod listing;
mod object_reader;
mod parquet_schema;
mod store;
mod store_error;
mod variables;
mod web_store;

pub use self::address::is_address;
pub(crate) use self::address::{Address, escaped};
pub(crate) use self::identity::{Identity, identities, identity};
pub(crate) use self::listing::expand;
pub(crate) use self::object_reader::ObjectReader;
pub(crate) use self::parquet_schema::parquet_schemas;
pub(crate) use self::store::{length, register};
pub(crate) use self::store_error::{changed, from_query};
pub use self::variables::set_store_variable;
