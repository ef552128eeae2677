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
pub(super) use self::address::{Address, escaped};
pub(super) use self::identity::{Identity, identities, identity};
pub(super) use self::listing::expand;
pub(super) use self::object_reader::ObjectReader;
pub(super) use self::parquet_schema::parquet_schemas;
pub(super) use self::store::{length, register};
pub(super) use self::store_error::{changed, from_query};
pub use self::variables::set_store_variable;
