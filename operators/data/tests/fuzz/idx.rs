//! IDX files that are damaged, plain and gzipped.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use relata_data::source::{Dataset, idx, session};

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;

fn idx_bytes(dims: &[u32]) -> Vec<u8> {
    let sizes = dims.iter().flat_map(|dim| dim.to_be_bytes());
    let values = (0..dims.iter().product()).map(|v: u32| (v % 251) as u8);
    [0, 0, 8, dims.len() as u8].into_iter().chain(sizes).chain(values).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn damaged_images_and_labels_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let (images, labels) = (folder.path().join("images"), folder.path().join("labels"));
    let session = session();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let files = vec![
        idx_bytes(&[5, 2, 3]),
        idx_bytes(&[1030, 1, 2]),
        idx_bytes(&[5]),
        idx_bytes(&[1030]),
        gzip(&idx_bytes(&[5, 2, 3])),
        gzip(&idx_bytes(&[5])),
    ];
    // Headers are damaged before they are zipped, too, or the checksum hides them.
    let zipped = || damaged(files[..4].to_vec()).prop_map(|bytes| gzip(&bytes));
    let one = || prop_oneof![2 => damaged(files.clone()), 1 => zipped()];
    fuzz((one(), one(), any::<bool>()), |(image_bytes, label_bytes, with_labels)| {
        std::fs::write(&images, image_bytes).unwrap();
        std::fs::write(&labels, label_bytes).unwrap();
        let source = if with_labels { idx(&images).labels(&labels) } else { idx(&images) };
        runtime.block_on(async {
            let Ok(table) = Dataset::from(source).table(&session).await else { return };
            if let Err(error) = relata_data::query::collect(table).await {
                // Blocks are read on another thread, which hands a panic on as an error.
                assert!(!error.to_string().contains("panic"), "{error}");
            }
        });
    });
}
