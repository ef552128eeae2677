//! Records of a JSON file: objects one after the other, or in arrays, read as a stream.

use std::fmt;
use std::io::BufReader;
use std::path::Path;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use crate::source::decoded_file;
use crate::{DataError, Result};

/// Bytes that are read at once.
const BUFFER: usize = 1 << 18;

/// An object of a file.
pub(super) type Object = Map<String, Value>;

/// Calls `take` with the number and the content of each object of a file, until it returns false; says whether it never
/// did. The file may be compressed, and in UTF-16.
pub(super) fn records(path: &Path, take: &mut dyn FnMut(u64, Object) -> Result<bool>) -> Result<bool> {
    let bytes = BufReader::with_capacity(BUFFER, decoded_file::open(path, None)?);
    let mut parser = serde_json::Deserializer::from_reader(bytes);
    let mut records = Records { path, row: 0, take, stopped: None };
    // Whatever stands between the end and the next value, such as a broken byte, is met again by reading that value.
    while parser.end().is_err() {
        if let Err(error) = (&mut records).deserialize(&mut parser) {
            return match records.stopped.take() {
                Some(stopped) => stopped.map(|()| false),
                None => Err(broken(path, error)),
            };
        }
    }
    Ok(true)
}

struct Records<'a> {
    path: &'a Path,
    row: u64,
    take: &'a mut dyn FnMut(u64, Object) -> Result<bool>,
    /// Why nothing more is read: an error, or that nobody takes more.
    stopped: Option<Result<()>>,
}

impl Records<'_> {
    fn give<E: Error>(&mut self, object: Object) -> Result<(), E> {
        let taken = (self.take)(self.row, object);
        self.row += 1;
        match taken {
            Ok(true) => Ok(()),
            Ok(false) => self.stop(Ok(())),
            Err(error) => self.stop(Err(error)),
        }
    }

    fn stop<E: Error>(&mut self, why: Result<()>) -> Result<(), E> {
        self.stopped = Some(why);
        Err(E::custom("stopped"))
    }
}

impl<'de> DeserializeSeed<'de> for &mut Records<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Records<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object, or an array of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.give(Object::deserialize(MapAccessDeserializer::new(map))?)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while let Some(item) = items.next_element::<Value>()? {
            match item {
                Value::Object(object) => self.give(object)?,
                other => {
                    return self.stop(Err(DataError::Unreadable {
                        path: self.path.to_path_buf(),
                        expected: format!("an object in row {}", self.row),
                        found: format!("`{other:.60}`"),
                        hint: "Every row is an object with the columns' names as keys; pandas writes such files by `to_json(orient=\"records\", lines=True)`.".to_owned(),
                    }));
                }
            }
        }
        Ok(())
    }
}

fn broken(path: &Path, error: serde_json::Error) -> DataError {
    if error.is_io() {
        let error = std::io::Error::from(error);
        return error.downcast::<DataError>().unwrap_or_else(DataError::io(path));
    }
    let found = error.to_string();
    let hint = if error.is_eof() {
        "The file ends in the middle of a value: copy it again."
    } else if found.contains("expected value") {
        "Look at the place; JSON has no NaN and no Infinity: null stands for a missing value."
    } else {
        "Look at the place: the file holds objects with the columns' names as keys, one after the other or in an array."
    };
    DataError::Unreadable {
        path: path.to_path_buf(),
        expected: "objects in JSON".to_owned(),
        found: format!("`{found}`"),
        hint: hint.to_owned(),
    }
}
