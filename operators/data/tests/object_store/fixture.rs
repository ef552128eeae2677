//! Fixture: the one server of all tests, whose buckets they do not share, and tables as text.

use std::io::Write;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow::util::display::array_value_to_string;
use futures::{StreamExt, TryStreamExt};
use relata_data::sink::ParquetSink;
use relata_data::source::{Dataset, in_file_order, session, set_store_variable};
use relata_data::{Result, query};

use crate::store_server::Server;

/// The server, to which the variables of all stores point.
pub fn server() -> &'static Server {
    static SERVER: LazyLock<Server> = LazyLock::new(|| {
        let server = Server::start();
        let url = format!("http://127.0.0.1:{}", server.port);
        for (name, value) in [
            ("AWS_ENDPOINT_URL", url.as_str()),
            ("AWS_ALLOW_HTTP", "true"),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "someone"),
            ("AWS_SECRET_ACCESS_KEY", "secret"),
            ("GOOGLE_BASE_URL", &url),
            ("GOOGLE_ALLOW_HTTP", "true"),
            ("GOOGLE_SKIP_SIGNATURE", "true"),
            ("AZURE_STORAGE_ENDPOINT", &url),
            ("AZURE_STORAGE_ACCOUNT_NAME", "someone"),
            ("AZURE_ALLOW_HTTP", "true"),
            ("AZURE_SKIP_SIGNATURE", "true"),
        ] {
            set_store_variable(name, value);
        }
        server
    });
    &SERVER
}

/// The address of an object on the server as a web server.
pub fn web(bucket: &str, key: &str) -> String {
    format!("http://127.0.0.1:{}/{bucket}/{key}", server().port)
}

/// All rows as text: the names of the columns, then a line for each row.
pub async fn rows(dataset: &Dataset) -> Result<Vec<String>> {
    let table = dataset.table(&in_file_order(&session())).await?;
    let names: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    let own = |error| relata_data::source::read_error(&dataset.name(), error);
    let parts = query::stream_partitions(table).await.map_err(own)?;
    let batches: Vec<RecordBatch> = futures::stream::iter(parts).flatten().try_collect().await.map_err(own)?;
    let mut lines = vec![names.join(",")];
    for batch in &batches {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row).unwrap());
            lines.push(cells.collect::<Vec<_>>().join(","));
        }
    }
    Ok(lines)
}

/// The error of reading a dataset.
pub async fn refused(dataset: &Dataset) -> relata_data::DataError {
    match rows(dataset).await {
        Ok(rows) => panic!("{} lines of {}", rows.len(), dataset.name()),
        Err(error) => error,
    }
}

/// A Parquet file with a column `x` of these numbers.
pub fn parquet_bytes(values: Vec<i64>) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let column: ArrayRef = Arc::new(Int64Array::from(values));
    let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
    let mut sink = ParquetSink::create(&path, batch.schema()).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    std::fs::read(path).unwrap()
}

/// Compressed text.
pub fn gzip(text: &str) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    gzip.write_all(text.as_bytes()).unwrap();
    gzip.finish().unwrap()
}
