//! Layouts of folders: classes, splits and classes, files of labels, links.

use relata_data::DataError;
use relata_data::source::{Dataset, Source, image_folder, session};

use super::{column, ids, pixels, read, save};

#[tokio::test]
async fn classes_are_folders_and_pixels_are_planes() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let root = folder.path();
    save(root.join("dog/b.png"), 1, 2, [1, 2, 3]);
    save(root.join("cat/deep/z.PNG"), 1, 2, [4, 5, 6]);
    save(root.join("top.png"), 1, 2, [7, 8, 9]);
    save(root.join(".hidden/x.png"), 9, 9, [0; 3]);
    std::fs::write(root.join("dog/notes.txt"), "no image").unwrap();
    std::fs::write(root.join("dog/Thumbs.db"), "no image").unwrap();
    let source = image_folder(root);
    let notes = source.notes().unwrap();
    assert_eq!(notes, ["passed over 1 files .db, 1 files .txt, 1 hidden files or folders"]);
    let samples = read(source, run.path()).await.unwrap();
    let found: Vec<u8> = (0..3).flat_map(|row| pixels(&samples, row)).collect();
    assert_eq!(found, [4, 4, 5, 5, 6, 6, 1, 1, 2, 2, 3, 3, 7, 7, 8, 8, 9, 9]);
    assert_eq!(samples.features.shape().as_image(), Some((3, 1, 2)));
    assert_eq!(samples.columns, ["id", "label", "path"]);
    assert_eq!(column(&samples.samples_path, "label"), ["cat", "dog", "null"]);
    assert_eq!(column(&samples.samples_path, "path"), ["cat/deep/z.PNG", "dog/b.png", "top.png"]);
    assert_eq!(ids(&samples), [0, 1, 2]);
}

#[tokio::test]
async fn folders_of_splits_are_the_column_split() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (path, grey) in [("train/cat/1.png", 1), ("train/dog/2.jpg", 2), ("val/cat/3.png", 3), ("test/4.png", 4)] {
        save(folder.path().join(path), 2, 2, [grey; 3]);
    }
    let samples = read(image_folder(folder.path()), run.path()).await.unwrap();
    assert_eq!(samples.columns, ["id", "label", "split", "path"]);
    assert_eq!(column(&samples.samples_path, "split"), ["test", "train", "train", "val"]);
    assert_eq!(column(&samples.samples_path, "label"), ["null", "cat", "dog", "cat"]);
    // A class that is called like a split is a class beside others.
    save(folder.path().join("bird/5.png"), 2, 2, [5; 3]);
    let samples = read(image_folder(folder.path()), tempfile::tempdir().unwrap().path()).await;
    let samples = samples.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(samples.columns, ["id", "label", "path"]);
}

#[tokio::test]
async fn a_file_of_labels_names_the_pictures_beside_it() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (name, grey) in [("1.png", 1), ("2.png", 2), ("3.png", 3)] {
        save(folder.path().join(name), 2, 2, [grey; 3]);
    }
    let labels = folder.path().join("labels.csv");
    std::fs::write(&labels, "\u{feff}file,label,split\n2.png,two,test\n1,\"one, or so\",train\n").unwrap();
    let source = image_folder(folder.path());
    assert_eq!(source.notes().unwrap(), ["1 pictures without a label"]);
    let samples = read(source, run.path()).await.unwrap();
    assert_eq!(column(&samples.samples_path, "label"), ["one, or so", "two", "null"]);
    assert_eq!(column(&samples.samples_path, "split"), ["train", "test", "null"]);

    // Two columns need no names that are known; a line about a picture that is not there is told.
    std::fs::write(&labels, "image,breed\n1.png,a\n2.png,b\n3.png,c\n4.png,d\n").unwrap();
    let error = read(image_folder(folder.path()), run.path()).await.unwrap_err();
    let expected = matches!(&error, DataError::TooManySkipped { skipped: 1, rows: 4, first, .. } if first == "4.png");
    assert!(expected && error.to_string().contains("skip_at_most"), "{error}");
    let samples = read(image_folder(folder.path()).skip_at_most(0.3), run.path()).await.unwrap();
    assert_eq!(column(&samples.samples_path, "label"), ["a", "b", "c"]);
    assert_eq!(column(&run.path().join("skipped.parquet"), "path"), ["4.png"]);

    for (text, expected) in [
        ("a,b,c\n1.png,2,3\n", "a column `file`"),
        ("file,a,b\n1.png,2,3\n", "a column `label`"),
        ("file,label\n1.png,a\n1.png,b\n", "as in row 0"),
        ("file,label\n1.png\n", "labels.csv"),
    ] {
        std::fs::write(&labels, text).unwrap();
        let error = read(image_folder(folder.path()), run.path()).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn links_are_followed_once() {
    use std::os::unix::fs::symlink;
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let elsewhere = tempfile::tempdir().unwrap();
    save(elsewhere.path().join("x.png"), 2, 2, [9; 3]);
    save(folder.path().join("b/1.png"), 2, 2, [1; 3]);
    symlink(folder.path().join("b/1.png"), folder.path().join("b/2.png")).unwrap();
    symlink(elsewhere.path(), folder.path().join("a")).unwrap();
    // A circle, and a second way to a folder.
    symlink(folder.path(), folder.path().join("b/up")).unwrap();
    symlink(folder.path().join("b"), folder.path().join("again")).unwrap();
    let source = image_folder(folder.path());
    assert_eq!(source.notes().unwrap(), ["passed over 2 links to folders that are read already"]);
    let samples = read(source, run.path()).await.unwrap();
    assert_eq!(column(&samples.samples_path, "path"), ["a/x.png", "b/1.png", "b/2.png"]);
    // A link that comes before the folder that it leads to does not give that folder another class.
    symlink(folder.path().join("b"), folder.path().join("a0")).unwrap();
    std::fs::create_dir(folder.path().join("a1")).unwrap();
    symlink(folder.path().join("b"), folder.path().join("a1/b")).unwrap();
    let samples = read(image_folder(folder.path()), run.path()).await.unwrap();
    assert_eq!(column(&samples.samples_path, "label"), ["a", "b", "b"]);
}

#[tokio::test]
async fn a_folder_has_one_fingerprint_of_names_and_lengths() {
    let folder = tempfile::tempdir().unwrap();
    save(folder.path().join("a/1.png"), 2, 2, [1; 3]);
    save(folder.path().join("a/2.png"), 2, 2, [1; 3]);
    let dataset = Dataset::from(image_folder(folder.path()));
    let before = dataset.fingerprint().unwrap();
    assert_eq!((before.len(), before[0].0.as_path()), (1, folder.path()));
    // Written again at another time.
    save(folder.path().join("a/1.png"), 2, 2, [1; 3]);
    assert_eq!(dataset.fingerprint().unwrap(), before);
    std::fs::rename(folder.path().join("a/1.png"), folder.path().join("a/3.png")).unwrap();
    assert_ne!(dataset.fingerprint().unwrap(), before);
    let moved = dataset.fingerprint().unwrap();
    save(folder.path().join("a/2.png"), 9, 7, [1; 3]);
    assert_ne!(dataset.fingerprint().unwrap(), moved);
}

#[tokio::test]
async fn what_is_no_folder_of_pictures_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let none = image_folder(folder.path().join("none"));
    assert!(matches!(none.table(&session()).await, Err(DataError::Missing { .. })));
    std::fs::write(folder.path().join("a.heic"), "x").unwrap();
    let error = image_folder(folder.path()).files().unwrap_err();
    assert!(matches!(&error, DataError::Empty { hint, .. } if hint.contains("1 files .heic")), "{error}");
}
