//! What cannot be read: left out and listed up to a share, refused beyond; pictures that change later are errors.

use relata_data::DataError;
use relata_data::index::Row;
use relata_data::source::{Samples, image_folder};

use super::{column, ids, pixels, read, save};

#[tokio::test]
async fn pictures_that_cannot_be_read_are_left_out_and_listed() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for nth in 0..200_u8 {
        save(folder.path().join(format!("a/{nth:03}.png")), 2, 2, [nth; 3]);
    }
    std::fs::write(folder.path().join("a/007.png"), "not an image").unwrap();
    let samples = read(image_folder(folder.path()), run.path()).await.unwrap();
    assert_eq!((samples.features.rows(), pixels(&samples, 6)[0], pixels(&samples, 7)[0]), (199, 6, 8));
    assert_eq!(ids(&samples), (0..199).collect::<Vec<_>>());
    let list = run.path().join("skipped.parquet");
    assert_eq!((column(&list, "row"), column(&list, "path")), (vec!["7".to_owned()], vec!["a/007.png".to_owned()]));
    assert!(column(&list, "reason")[0].contains("none of PNG"), "{:?}", column(&list, "reason"));
    assert_eq!(Samples::skipped(run.path()).unwrap(), 1);

    // Three of 200 are more than one in a hundred.
    let png = std::fs::read(folder.path().join("a/100.png")).unwrap();
    std::fs::write(folder.path().join("a/100.png"), &png[..png.len() / 2]).unwrap();
    std::fs::write(folder.path().join("a/101.png"), "").unwrap();
    let error = read(image_folder(folder.path()), run.path()).await.unwrap_err();
    assert!(matches!(&error, DataError::TooManySkipped { skipped: 3, rows: 200, .. }), "{error}");
    assert!(error.to_string().contains("`a/007.png`: none of PNG"), "{error}");
    let samples = read(image_folder(folder.path()).skip_at_most(0.02), run.path()).await.unwrap();
    assert_eq!((samples.features.rows(), pixels(&samples, 196)[0]), (197, 199));
}

#[tokio::test]
async fn sizes_that_differ_need_resize() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(folder.path().join("a/1.png"), 2, 2, [10; 3]);
    save(folder.path().join("a/2.png"), 4, 6, [20; 3]);
    let error = read(image_folder(folder.path()), run.path()).await.unwrap_err().to_string();
    assert!(error.contains("a/2.png") && error.contains("found 4 x 6") && error.contains("resize"), "{error}");
    let samples = read(image_folder(folder.path()).resize(1, 2).grey(), run.path()).await.unwrap();
    assert_eq!([pixels(&samples, 0), pixels(&samples, 1)], [[10, 10], [20, 20]]);
    let error = read(image_folder(folder.path()).resize(0, 2), run.path()).await.unwrap_err();
    assert!(matches!(error, DataError::Setting(_)), "{error}");
}

#[tokio::test]
async fn pictures_are_decoded_when_they_are_read() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(folder.path().join("a/1.png"), 2, 2, [10; 3]);
    save(folder.path().join("a/2.png"), 2, 2, [20; 3]);
    let samples = read(image_folder(folder.path()), run.path()).await.unwrap();
    assert_eq!(pixels(&samples, 1)[0], 20);
    // What was decoded once is in the cache of this process; without one the files are read.
    std::fs::remove_file(folder.path().join("a/2.png")).unwrap();
    assert_eq!(pixels(&samples, 1)[0], 20);
    let again = Samples::open(run.path()).unwrap();
    assert_eq!(pixels(&again, 0)[0], 10);
    let mut out = vec![0.0; 12];
    let error = again.features.read(Row(1), &mut out).unwrap_err();
    assert!(matches!(&error, DataError::Io { path, .. } if path.ends_with("a/2.png")), "{error}");
    std::fs::write(folder.path().join("a/2.png"), "another").unwrap();
    let error = again.features.read(Row(1), &mut out).unwrap_err().to_string();
    assert!(error.contains("as it was when the dataset was read"), "{error}");

    // Without room for a cache.
    save(folder.path().join("a/2.png"), 2, 2, [30; 3]);
    let samples = read(image_folder(folder.path()).cache(0), run.path()).await.unwrap();
    assert_eq!([pixels(&samples, 0)[0], pixels(&samples, 1)[0]], [10, 30]);
}
