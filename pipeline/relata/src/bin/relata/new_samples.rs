//! New samples for a finished run, from a path: read as those that the run was trained on.

use std::path::{Path, PathBuf};

use relata::{PipelineError, Run};
use relata_data::DataError;
use relata_data::fields::Field;
use relata_data::source::{Dataset, csv, idx, image_folder, is_address, json_lines, parquet, tsv};

use crate::failure::Failure;

/// The samples at a path; columns of features and the id are those of the run unless others are asked for.
pub fn new_samples(run: &Run, data: &Path, asked: Vec<String>, asked_id: Option<String>) -> Result<Dataset, Failure> {
    let (mut dataset, tables) = open(data, run)?;
    let read = run.plan()?.read;
    // Images that are files have no columns whose names one could choose.
    let (as_trained, id) = if tables { (read.features, read.id) } else { (vec![], None) };
    if tables {
        if let Some(shape) = read.shape {
            dataset = dataset.shape(shape);
        }
        if let [pictures] = &read.fields[..]
            && pictures.is_image()
        {
            dataset = dataset.fields([Field { folder: None, ..pictures.clone() }]);
        }
    }
    let features = if asked.is_empty() { as_trained } else { asked };
    let fields = run.samples()?.features.shape().is_table();
    if fields && !features.is_empty() {
        let expected = "not given: a model of a table reads the columns that it was trained on, by their names";
        return Err(PipelineError::from(DataError::setting(
            data.display().to_string(),
            "features",
            expected,
            features.join(", "),
        ))
        .into());
    }
    if !features.is_empty() {
        dataset = dataset.feature_columns(features);
    }
    if let Some(id) = asked_id.or(id) {
        dataset = dataset.id(id);
    }
    Ok(dataset)
}

/// The samples, and whether they are rows of a table, not images that are files.
fn open(path: &Path, run: &Run) -> Result<(Dataset, bool), PipelineError> {
    let (name, extension) = name_and_extension(path);
    match extension.as_str() {
        "parquet" | "pq" => Ok((parquet(path), true)),
        "" if is_address(path) => Ok((parquet(path), true)),
        _ if path.is_dir() && !has_parquet(path)? => Ok((images(path, run)?, false)),
        _ if path.is_dir() => Ok((parquet(path), true)),
        "csv" => Ok((csv(path), true)),
        "tsv" => Ok((tsv(path), true)),
        "jsonl" | "ndjson" | "json" => Ok((json_lines(path), true)),
        _ if name.contains("idx") || name.contains("ubyte") => Ok((idx(path).into(), false)),
        other => Err(DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "samples in a file that ends in .parquet, .csv, .tsv or .jsonl, an IDX file (with `idx` in its \
                       name), or a folder of Parquet files or of images"
                .to_owned(),
            found: if other.is_empty() { "no extension".to_owned() } else { format!(".{other}") },
            hint: "Convert the file, or give it the extension of its format.".to_owned(),
        }
        .into()),
    }
}

/// The file's name and its extension, in lowercase. Of a web address, what follows the path is no part of them.
fn name_and_extension(path: &Path) -> (String, String) {
    let text = path.to_string_lossy().to_ascii_lowercase();
    let text = match is_address(path) && text.starts_with("http") {
        true => text.split(['?', '#']).next().unwrap_or_default(),
        false => &text,
    };
    // A bucket is a folder, also if it has a dot in its name.
    let folder = is_address(path) && (text.ends_with('/') || text.matches('/').count() == 2);
    let part = |part: Option<&std::ffi::OsStr>| part.map(|p| p.to_string_lossy().into_owned()).unwrap_or_default();
    let file = Path::new(text);
    (part(file.file_name()), if folder { String::new() } else { part(file.extension()) })
}

fn has_parquet(folder: &Path) -> Result<bool, DataError> {
    let files = std::fs::read_dir(folder).map_err(DataError::io(folder))?;
    let is_parquet = |path: PathBuf| path.extension().is_some_and(|e| e == "parquet" || e == "pq");
    Ok(files.flatten().any(|file| is_parquet(file.path())))
}

/// Images in the size and the channels of those that the model was trained on.
fn images(folder: &Path, run: &Run) -> Result<Dataset, PipelineError> {
    let images = image_folder(folder);
    Ok(match run.samples()?.features.shape().as_image() {
        Some((1, height, width)) => images.resize(height as u32, width as u32).grey().into(),
        Some((_, height, width)) => images.resize(height as u32, width as u32).into(),
        None => images.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_the_extensions_of_their_paths() {
        for (path, extension) in [
            ("new.CSV", "csv"),
            ("s3://b/part-?.csv", "csv"),
            ("https://h/new.jsonl?version=1.2", "jsonl"),
            ("s3://my.bucket", ""),
            ("s3://b/folder.2/", ""),
            ("gs://b/folder", ""),
        ] {
            assert_eq!(name_and_extension(Path::new(path)).1, extension, "{path}");
        }
    }
}
