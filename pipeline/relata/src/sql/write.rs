//! Output: the answer to a query written batch by batch as a table, CSV, JSON lines or Parquet.

use std::collections::BTreeSet;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, StringArray};
use arrow::csv;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::json;
use arrow::json::writer::LineDelimited;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use arrow::util::pretty::pretty_format_batches_with_options;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::DataFrame;
use futures::TryStreamExt;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use relata_data::query::stream;

use super::cell_formatter::{CellFormatter, printable};
use super::error::SqlError;
use super::format::Format;
use super::formulas::defuse;
use super::json_numbers::JsonNumbers;

/// Runs a query and writes its rows as they come; returns how many there are. Memory holds a batch, or the rows of a
/// printed table.
///
/// ```no_run
/// use relata::prelude::*;
/// use relata::sql::{Format, write_result};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let scores = Run::open("runs/digits")?.sql("SELECT * FROM scores").await?;
/// write_result(scores, Format::Csv, std::io::stdout()).await?;
/// # Ok(())
/// # }
/// ```
pub async fn write_result(frame: DataFrame, format: Format, out: impl Write + Send) -> Result<u64, SqlError> {
    Ok(write_result_with(frame, format, Writing::default(), out).await?.rows)
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Writing {
    /// Rows of a printed table; those beyond are counted. Control characters are printed as what they are, `\u{1b}`.
    pub table_rows: usize,
    /// Texts in CSV that a spreadsheet would take for a formula stay as they are, instead of starting with an apostrophe.
    pub raw: bool,
}

impl Default for Writing {
    fn default() -> Self {
        Self { table_rows: 1000, raw: false }
    }
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    /// The rows of the answer.
    pub rows: u64,
    /// Texts that looked like a formula and start with an apostrophe now.
    pub formulas: u64,
}

/// [`write_result`], in a way of one's own.
pub async fn write_result_with(
    frame: DataFrame,
    format: Format,
    writing: Writing,
    mut out: impl Write + Send,
) -> Result<Written, SqlError> {
    if matches!(format, Format::Json | Format::Parquet) {
        different_names(&frame)?;
    }
    let batches = stream(frame).await?;
    let mut formulas = 0;
    let rows = match format {
        Format::Table => write_table(batches, writing.table_rows, &mut out).await?,
        Format::Csv | Format::Tsv => {
            let mut writer = csv::WriterBuilder::new().with_header(true);
            if format == Format::Tsv {
                writer = writer.with_delimiter(b'\t');
            }
            write_csv(batches, writer, (!writing.raw).then_some(&mut formulas), &mut out).await?
        }
        Format::Json => write_json(batches, &mut out).await?,
        Format::Parquet => write_parquet(batches, &mut out).await?,
    };
    out.flush()?;
    Ok(Written { rows, formulas })
}

/// Refuses two columns of one name, of which one would be lost.
fn different_names(frame: &DataFrame) -> Result<(), SqlError> {
    let mut names = BTreeSet::new();
    match frame.schema().fields().iter().find(|field| !names.insert(field.name())) {
        Some(field) => Err(SqlError::SameName { column: field.name().clone() }),
        None => Ok(()),
    }
}

async fn write_table(
    mut stream: SendableRecordBatchStream,
    table_rows: usize,
    out: &mut (impl Write + Send),
) -> Result<u64, SqlError> {
    // An empty batch carries the header if there are no rows.
    let mut shown = vec![RecordBatch::new_empty(stream.schema())];
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await? {
        let room = table_rows.saturating_sub(rows).min(batch.num_rows());
        if room > 0 {
            shown.push(batch.slice(0, room));
        }
        rows += batch.num_rows();
    }
    if !stream.schema().fields().is_empty() {
        let options = FormatOptions::new().with_null("NULL").with_formatter_factory(Some(&CellFormatter));
        let shown: Vec<RecordBatch> = shown.into_iter().map(with_printable_names).collect::<Result<_, SqlError>>()?;
        writeln!(out, "{}", pretty_format_batches_with_options(&shown, &options)?)?;
    }
    if rows > table_rows {
        writeln!(out, "and {} more rows", rows - table_rows)?;
    }
    Ok(rows as u64)
}

async fn write_csv(
    mut stream: SendableRecordBatchStream,
    writer: csv::WriterBuilder,
    mut formulas: Option<&mut u64>,
    out: &mut (impl Write + Send),
) -> Result<u64, SqlError> {
    let mut writer = writer.build(out);
    writer.write(&with_text_lists(&RecordBatch::new_empty(stream.schema()))?)?;
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await? {
        let mut texts = with_text_lists(&batch)?;
        if let Some(formulas) = &mut formulas {
            **formulas += defuse(&mut texts)?;
        }
        writer.write(&texts)?;
        rows += batch.num_rows() as u64;
    }
    Ok(rows)
}

async fn write_json(mut stream: SendableRecordBatchStream, out: &mut (impl Write + Send)) -> Result<u64, SqlError> {
    let writer = json::WriterBuilder::new().with_explicit_nulls(true).with_encoder_factory(Arc::new(JsonNumbers));
    let mut writer = writer.build::<_, LineDelimited>(out);
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await? {
        writer.write(&batch)?;
        rows += batch.num_rows() as u64;
    }
    writer.finish()?;
    Ok(rows)
}

async fn write_parquet(mut stream: SendableRecordBatchStream, out: &mut (impl Write + Send)) -> Result<u64, SqlError> {
    let compression = Compression::ZSTD(ZstdLevel::try_new(1)?);
    let properties = WriterProperties::builder().set_compression(compression).build();
    let mut writer = ArrowWriter::try_new(out, stream.schema(), Some(properties))?;
    let mut rows = 0;
    while let Some(batch) = stream.try_next().await? {
        writer.write(&batch)?;
        rows += batch.num_rows() as u64;
    }
    writer.close()?;
    Ok(rows)
}

/// The batch with names of columns that no terminal obeys.
fn with_printable_names(batch: RecordBatch) -> Result<RecordBatch, SqlError> {
    let fields = batch.schema_ref().fields().iter();
    let fields = fields.map(|field| field.as_ref().clone().with_name(printable(field.name())));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema, batch.columns().to_vec(), &rows)?)
}

/// The batch with lists and structures as text, which is all that CSV has.
fn with_text_lists(batch: &RecordBatch) -> Result<RecordBatch, SqlError> {
    let schema = batch.schema();
    let fields = schema.fields().iter().map(|field| match field.data_type().is_nested() {
        true => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
        false => field.clone(),
    });
    let schema: SchemaRef = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    if batch.num_columns() == 0 {
        return Ok(batch.clone());
    }
    let columns: Vec<ArrayRef> = batch.columns().iter().map(as_text).collect::<Result<_, SqlError>>()?;
    Ok(RecordBatch::try_new(schema, columns)?)
}

fn as_text(column: &ArrayRef) -> Result<ArrayRef, SqlError> {
    if !column.data_type().is_nested() {
        return Ok(column.clone());
    }
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(column, &options)?;
    let text = (0..column.len()).map(|row| column.is_valid(row).then(|| formatter.value(row).to_string()));
    Ok(Arc::new(text.collect::<StringArray>()))
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Float32Type;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use relata_data::Session;

    use super::super::query::query;
    use super::super::session::session;
    use super::*;
    use crate::fixture;

    async fn five() -> (tempfile::TempDir, Session) {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        fixture::embeddings(&run, &[(3, [0.5, -1.0, 2.0, 0.25, 0.1]), (4, [0.0; 5])]);
        let session = session(&[run]).await.unwrap();
        (folder, session)
    }

    async fn written(session: &Session, text: &str, format: Format) -> (u64, Vec<u8>) {
        let mut out = Vec::new();
        let rows = write_result(query(session, text).await.unwrap(), format, &mut out).await.unwrap();
        (rows, out)
    }

    #[tokio::test]
    async fn every_format_prints_vectors() {
        let (_folder, session) = five().await;
        let text = "SELECT id, embedding, nullif(id, 3) AS other FROM embeddings ORDER BY id";
        let printed = async |format| String::from_utf8(written(&session, text, format).await.1).unwrap();
        let expected = "\
+----+-------------------------------+-------+
| id | embedding                     | other |
+----+-------------------------------+-------+
| 3  | [0.5, -1.0, 2.0, … 5 numbers] | NULL  |
| 4  | [0.0, 0.0, 0.0, … 5 numbers]  | 4     |
+----+-------------------------------+-------+
";
        assert_eq!(printed(Format::Table).await, expected);
        let csv = "id,embedding,other\n3,\"[0.5, -1.0, 2.0, 0.25, 0.1]\",\n4,\"[0.0, 0.0, 0.0, 0.0, 0.0]\",4\n";
        assert_eq!(printed(Format::Csv).await, csv);
        let json = printed(Format::Json).await;
        let first: serde_json::Value = serde_json::from_str(json.lines().next().unwrap()).unwrap();
        assert_eq!(first, serde_json::json!({"id": 3, "embedding": [0.5, -1.0, 2.0, 0.25, 0.1], "other": null}));
        assert_eq!(json.lines().count(), 2);
    }

    #[tokio::test]
    async fn neither_spreadsheets_nor_terminals_obey_a_cell() {
        let (_folder, session) = five().await;
        let list = "SELECT make_array(chr(27) || 'c') AS l";
        let printed = String::from_utf8(written(&session, list, Format::Table).await.1).unwrap();
        assert!(printed.contains(r"[\u{1b}c]"), "{printed}");
        let texts =
            "SELECT * FROM (VALUES ('=cmd|'' /C calc''!A0'), ('+49 30 1234'), ('-1'), ('@x'), (chr(27) || '[2J')) t(a)";
        for (raw, first, formulas) in [(false, "'=cmd", 2), (true, "=cmd", 0)] {
            let (mut out, frame) = (Vec::new(), query(&session, texts).await.unwrap());
            let written =
                write_result_with(frame, Format::Tsv, Writing { raw, ..Writing::default() }, &mut out).await.unwrap();
            let text = String::from_utf8(out).unwrap();
            assert_eq!(written, Written { rows: 5, formulas });
            assert!(text.starts_with(&format!("a\n{first}")) && text.contains("\n+49 30 1234\n-1\n"), "{text}");
        }
        let printed = String::from_utf8(written(&session, texts, Format::Table).await.1).unwrap();
        assert!(printed.contains(r"\u{1b}[2J") && !printed.contains('\u{1b}'), "{printed}");
    }

    #[tokio::test]
    async fn nothing_gets_lost_in_json() {
        let (_folder, session) = five().await;
        let text =
            "SELECT * FROM (VALUES (1.5, 'NaN'::REAL), (NULL, '-inf'::REAL), ('inf'::DOUBLE, 0.1::REAL)) t(a, b)";
        let json = String::from_utf8(written(&session, text, Format::Json).await.1).unwrap();
        let expected = r#"{"a":1.5,"b":"NaN"}
{"a":null,"b":"-Infinity"}
{"a":"Infinity","b":0.1}
"#;
        assert_eq!(json, expected);
        for format in [Format::Json, Format::Parquet] {
            let twice = query(&session, "SELECT a.id, b.id FROM embeddings a, embeddings b").await.unwrap();
            let error = write_result(twice, format, Vec::new()).await.unwrap_err();
            assert!(matches!(&error, SqlError::SameName { column } if column == "id"), "{error}");
        }
    }

    #[tokio::test]
    async fn parquet_keeps_types() {
        let (_folder, session) = five().await;
        let (rows, bytes) = written(&session, "SELECT embedding FROM embeddings WHERE id = 3", Format::Parquet).await;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        let batch = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap().next().unwrap().unwrap();
        assert_eq!((rows, batch.num_rows()), (1, 1));
        let vector = batch["embedding"].as_fixed_size_list().value(0);
        assert_eq!(vector.as_primitive::<Float32Type>().values(), &[0.5, -1.0, 2.0, 0.25, 0.1]);
    }

    #[tokio::test]
    async fn long_tables_are_cut_and_counted_and_empty_ones_have_a_header() {
        let (_folder, session) = five().await;
        let (rows, out) = written(&session, "SELECT * FROM generate_series(1, 20000)", Format::Table).await;
        let text = String::from_utf8(out).unwrap();
        assert_eq!((rows, text.lines().last()), (20_000, Some("and 19000 more rows")));
        assert_eq!(text.lines().count(), 1000 + 4 + 1);
        let frame = query(&session, "SELECT * FROM generate_series(1, 20000)").await.unwrap();
        let (writing, mut out) = (Writing { table_rows: usize::MAX, ..Writing::default() }, Vec::new());
        write_result_with(frame, Format::Table, writing, &mut out).await.unwrap();
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 20_000 + 4);
        for (format, header) in [(Format::Csv, "id\n"), (Format::Json, ""), (Format::Table, "| id |\n")] {
            let (rows, out) = written(&session, "SELECT id FROM embeddings WHERE id > 9", format).await;
            let text = String::from_utf8(out).unwrap();
            assert!(rows == 0 && text.contains(header) && (format == Format::Table || text == header), "{text}");
        }
    }
}
