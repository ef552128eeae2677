//! A disk that is full while results are written: the error names the file, and what was there before stays whole.

use std::path::Path;

use arrow::array::RecordBatch;
use rand::RngExt;
use relata_data::seed;
use relata_data::sink::ParquetSink;

use crate::child::{Job, kill, limited_command, start_until};
use crate::data;

const RESULT: &str = "result.parquet";

/// A megabyte that does not compress.
fn noise() -> RecordBatch {
    let mut random = seed::stream(1, &[]);
    let values = (0..1 << 18).map(|_| random.random_range(-1.0f32..1.0)).collect();
    RecordBatch::try_from_iter([("embedding", data::vectors(values, 64))]).unwrap()
}

/// Overwrites the result with megabytes of noise; the error if that fails.
pub fn overwrite(folder: &Path) -> String {
    let batch = noise();
    let write = || {
        let mut sink = ParquetSink::create(&folder.join(RESULT), batch.schema())?;
        (0..8).try_for_each(|_| sink.write(&batch))?;
        sink.finish()
    };
    write().map_or_else(|error| format!("error: {error}"), |rows| format!("{rows} rows"))
}

/// What the child said and how the folder looks like to a user.
fn said(job: Job, folder: &Path, kilobytes: usize) -> String {
    let output = limited_command(job, folder, kilobytes).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[test]
fn a_table_that_cannot_be_replaced_stays_whole() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(RESULT);
    data::write_parquet(&path, vec![("id", data::ids(10))]);
    let before = std::fs::read(&path).unwrap();
    let text = said(Job::Overwrite, folder.path(), 512);
    assert!(text.contains("error: ") && text.contains(RESULT) && text.contains("File too large"), "{text}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
    let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, [path]);
    assert!(said(Job::Overwrite, folder.path(), 16 << 10).contains("32768 rows"));
}

#[test]
fn a_run_on_a_full_disk_names_the_file_and_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |kilobytes, file: &str| {
        let text = said(Job::RunAndTell, folder.path(), kilobytes);
        assert!(text.contains("error: ") && text.contains(file) && text.contains("File too large"), "{file}: {text}");
    };
    refused(100, "features.arrow");
    // The raw features, which are larger than a checkpoint, are measured before the training.
    kill(start_until(Job::Train, folder.path(), "baseline.parquet"));
    refused(40, "checkpoints/step-");
    assert!(said(Job::RunAndTell, folder.path(), 1 << 20).contains("the run ended"));
    assert_eq!(data::embedding_bits(folder.path()).len(), 1797 * 32);
}
