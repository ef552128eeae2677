//! Decoded file: a text file as UTF-8, whatever it is compressed by and encoded in.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use encoding_rs::Encoding;
use encoding_rs_io::DecodeReaderBytesBuilder;
use flate2::read::MultiGzDecoder;

use crate::input_file;
use crate::{DataError, Result};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Opens a file. Compression (gzip, zstd) is told by the first bytes, UTF-16 and UTF-8 by a byte order mark; without one
/// the text is in `encoding`, or else in UTF-8.
pub(super) fn open(path: &Path, encoding: Option<&'static Encoding>) -> Result<Box<dyn Read + Send>> {
    let mut raw = BufReader::new(input_file::open(path)?);
    let start = raw.fill_buf().map_err(input_file::read_error(path))?;
    let bytes: Box<dyn Read + Send> = if start.starts_with(GZIP) {
        Box::new(MultiGzDecoder::new(raw))
    } else if start.starts_with(ZSTD) {
        Box::new(zstd::stream::read::Decoder::with_buffer(raw).map_err(DataError::io(path))?)
    } else {
        Box::new(raw)
    };
    // Bytes that are no UTF-8 stay as they are, and are refused where their place is known.
    let decoder =
        DecodeReaderBytesBuilder::new().encoding(encoding).bom_override(true).utf8_passthru(true).build(bytes);
    Ok(Box::new(WithoutMark { inner: decoder, start: Some(Vec::new()) }))
}

/// The encoding of a name such as `latin-1`, `windows-1252` or `utf-16le`.
pub(super) fn encoding(name: &str) -> Result<&'static Encoding> {
    let label = match name.to_ascii_lowercase().as_str() {
        "latin-1" => "latin1".to_owned(),
        other => other.to_owned(),
    };
    Encoding::for_label(label.as_bytes()).ok_or_else(|| {
        DataError::setting(
            "csv",
            "encoding",
            "a name such as utf-8, latin-1, windows-1252 or utf-16le",
            format!("`{name}`"),
        )
    })
}

/// A reader without UTF-8's byte order mark, which passes through the decoder.
struct WithoutMark<R> {
    inner: R,
    /// The first bytes, until there are three of them or no more.
    start: Option<Vec<u8>>,
}

impl<R: Read> Read for WithoutMark<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        if let Some(mut start) = self.start.take() {
            let mut byte = [0];
            while start.len() < 3 && self.inner.read(&mut byte)? == 1 {
                start.push(byte[0]);
            }
            let kept = start.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&start);
            if !kept.is_empty() {
                let given = kept.len().min(out.len());
                out[..given].copy_from_slice(&kept[..given]);
                let rest = kept[given..].to_vec();
                self.start = (!rest.is_empty()).then_some(rest);
                return Ok(given);
            }
        }
        self.inner.read(out)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn read(bytes: &[u8], encoding_name: Option<&str>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, bytes).unwrap();
        let mut text = String::new();
        let encoding = encoding_name.map(|name| encoding(name).unwrap());
        open(&path, encoding).unwrap().read_to_string(&mut text).unwrap();
        text
    }

    #[test]
    fn compression_and_encodings_are_undone() {
        let text = "name,city\nJosé,Zürich\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
        gzip.write_all(text.as_bytes()).unwrap();
        let utf16 = |mark: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
            [&mark[..], &text.encode_utf16().flat_map(bytes).collect::<Vec<_>>()].concat()
        };
        let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
        let files: [(Vec<u8>, Option<&str>); 7] = [
            (text.as_bytes().to_vec(), None),
            ([b"\xef\xbb\xbf", text.as_bytes()].concat(), None),
            (gzip.finish().unwrap(), None),
            (zstd::encode_all(text.as_bytes(), 1).unwrap(), None),
            (utf16([0xff, 0xfe], u16::to_le_bytes), None),
            (utf16([0xfe, 0xff], u16::to_be_bytes), None),
            (latin, Some("latin-1")),
        ];
        for (number, (bytes, encoding)) in files.iter().enumerate() {
            assert_eq!(read(bytes, *encoding), text, "{number}");
        }
        assert_eq!(
            (read(b"", None), read(b"\xef\xbb\xbf", None), read(b"ab", None)),
            (String::new(), String::new(), "ab".into())
        );
        assert!(encoding("klingon").unwrap_err().to_string().contains("latin-1"));
    }
}
