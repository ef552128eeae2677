//! Quote check: refuses quotes that do not belong together, which would swallow the rows between them.

use std::io::{self, Read};
use std::path::PathBuf;

use crate::DataError;

/// The bytes that mean something in a delimited file with quotes.
#[derive(Clone, Copy)]
pub(super) struct SpecialBytes {
    pub delimiter: u8,
    pub quote: u8,
    pub escape: Option<u8>,
    pub comment: Option<u8>,
}

/// The bytes of a delimited file, in which every quoted field ends with a quote.
pub(super) struct QuoteCheck<R> {
    inner: R,
    path: PathBuf,
    special: SpecialBytes,
    state: State,
    line: u64,
    /// The line in which the last quoted field begins.
    opened: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    LineStart,
    FieldStart,
    Unquoted,
    Comment,
    Quoted,
    /// Behind the escape character within quotes.
    Escaped,
    /// Behind a quote within quotes: the second of two, or the end.
    Closing {
        after_backslash: bool,
    },
    /// In quotes, behind a backslash, which is no escape character here.
    Backslash,
    /// Blanks behind the closing quote.
    Closed,
}

impl<R: Read> QuoteCheck<R> {
    /// The bytes of a reader.
    pub fn new(inner: R, path: PathBuf, special: SpecialBytes) -> Self {
        Self { inner, path, special, state: State::LineStart, line: 1, opened: 1 }
    }

    fn take(&mut self, byte: u8) -> io::Result<()> {
        let SpecialBytes { delimiter, quote, escape, comment } = self.special;
        let ends_field = byte == delimiter || byte == b'\n' || byte == b'\r';
        let outside = |byte: u8| match byte {
            b'\n' => State::LineStart,
            byte if byte == delimiter => State::FieldStart,
            b'\r' => State::Closed,
            _ => State::Unquoted,
        };
        self.state = match self.state {
            State::Comment if byte == b'\n' => State::LineStart,
            State::Comment => State::Comment,
            State::LineStart if Some(byte) == comment => State::Comment,
            State::LineStart | State::FieldStart if byte == quote => {
                self.opened = self.line;
                State::Quoted
            }
            State::LineStart | State::FieldStart | State::Unquoted => outside(byte),
            State::Escaped => State::Quoted,
            State::Quoted | State::Backslash if Some(byte) == escape => State::Escaped,
            State::Quoted if byte == quote => State::Closing { after_backslash: false },
            State::Backslash if byte == quote => State::Closing { after_backslash: true },
            State::Quoted | State::Backslash if byte == b'\\' => State::Backslash,
            State::Quoted | State::Backslash => State::Quoted,
            State::Closing { .. } if byte == quote && escape.is_none() => State::Quoted,
            State::Closing { .. } | State::Closed if ends_field => outside(byte),
            State::Closing { .. } | State::Closed if byte == b' ' => State::Closed,
            State::Closing { after_backslash } => return Err(self.refuse_text(after_backslash)),
            State::Closed => return Err(self.refuse_text(false)),
        };
        self.line += u64::from(byte == b'\n');
        Ok(())
    }

    fn refuse_text(&self, after_backslash: bool) -> io::Error {
        let hint = match after_backslash {
            true => {
                "The file escapes quotes by backslashes: `Csv::new(..).with_quotes('\"', Some('\\\\'))` reads them."
            }
            false => {
                "A quote within quotes is written twice; of a file that does not quote, `Csv::new(..).without_quotes()` reads the quotes as text."
            }
        };
        self.refuse(
            format!(
                "text behind the closing quote in line {}, of a field that begins in line {}",
                self.line, self.opened
            ),
            hint,
        )
    }

    fn refuse(&self, found: String, hint: &str) -> io::Error {
        io::Error::other(DataError::Unreadable {
            path: self.path.clone(),
            expected: "a delimiter or the end of the line behind every closing quote".to_owned(),
            found,
            hint: hint.to_owned(),
        })
    }
}

impl<R: Read> Read for QuoteCheck<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let found = self.inner.read(out)?;
        for &byte in &out[..found] {
            self.take(byte)?;
        }
        let open = matches!(self.state, State::Quoted | State::Backslash | State::Escaped);
        if found == 0 && !out.is_empty() && open {
            let hint = "Of a file that does not quote, `Csv::new(..).without_quotes()` reads the quotes as text; else it was cut: copy it again.";
            return Err(
                self.refuse(format!("the end of the file within the quotes that begin in line {}", self.opened), hint)
            );
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, escape: Option<u8>) -> Result<(), String> {
        let special = SpecialBytes { delimiter: b',', quote: b'"', escape, comment: Some(b'#') };
        let mut out = String::new();
        let read = QuoteCheck::new(text.as_bytes(), "t.csv".into(), special).read_to_string(&mut out);
        read.map(|_| assert_eq!(out, text)).map_err(|error| error.to_string())
    }

    #[test]
    fn quotes_that_belong_together_pass() {
        for text in [
            "",
            "a,b\n",
            "\"a\",\"b\"\r\n",
            "\"a \"\"b\"\" c\" ,x\n",
            "5\" disk,\"two\nlines\"\n",
            "# \"open\na\n",
            "\"C:\\\",b",
        ] {
            check(text, None).unwrap();
        }
        check("\"say \\\"hi\\\" to\",b\n", Some(b'\\')).unwrap();
    }

    #[test]
    fn what_would_swallow_rows_is_refused_with_its_line() {
        let open = check("k\n1,\"abc\n2,def\n", None).unwrap_err();
        assert!(open.contains("line 2") && open.contains("without_quotes"), "{open}");
        let stray = check("k\n1,\"abc\n2,def\n3,\"ghi\n", None).unwrap_err();
        assert!(stray.contains("line 4") && stray.contains("begins in line 2"), "{stray}");
        let escaped = check("0,\"He said \\\"hi\\\" to 0\"\n", None).unwrap_err();
        assert!(escaped.contains("with_quotes"), "{escaped}");
    }
}
