//! Dialect of a delimited file: its delimiter, quotes, comments and header, partly found by looking.

use std::io::Read;
use std::path::Path;

use super::decoded_file;
use super::settings::Csv;
use super::skip_blanks::SkipBlanks;
use crate::{DataError, Result};

/// Delimiters that are looked for.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// How much of a file is looked at, and how many lines of it.
const LOOK: u64 = 1 << 16;
const LINES: usize = 100;

/// How a file is cut into fields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: u8,
    pub escape: Option<u8>,
    pub comment: Option<u8>,
    pub header: bool,
}

impl Dialect {
    /// The dialect of a file: what is not set is found in its first lines.
    pub fn of(csv: &Csv, path: &Path) -> Result<Self> {
        let ascii = |setting: &str, character: char| {
            let byte = u8::try_from(character).ok().filter(u8::is_ascii);
            byte.ok_or_else(|| DataError::setting("csv", setting, "an ASCII character", character))
        };
        let option = |setting: &str, character: Option<char>| character.map(|c| ascii(setting, c)).transpose();
        let quote = ascii("quote", csv.quote)?;
        let comment = option("comment", csv.comment)?;
        let delimiter = match option("delimiter", csv.delimiter)? {
            Some(delimiter) => delimiter,
            None => {
                let mut start = Vec::new();
                let mut reader = decoded_file::open(path, csv.encoding()?)?.take(LOOK);
                // What is no text is reported with its place when the rows are read, but a store that answers by then
                // would have left us with half a line.
                if let Err(error) = reader.read_to_end(&mut start)
                    && let Ok(own) = error.downcast::<DataError>()
                {
                    return Err(own);
                }
                find_delimiter(&start, quote, comment)
            }
        };
        Ok(Self { delimiter, quote, escape: option("escape", csv.escape)?, comment, header: csv.header })
    }

    /// A reader of a file's records, the header among them.
    pub fn records(&self, csv: &Csv, path: &Path) -> Result<::csv::Reader<Box<dyn Read + Send>>> {
        let bytes = decoded_file::open(path, csv.encoding()?)?;
        let mut builder = ::csv::ReaderBuilder::new();
        builder.has_headers(false).delimiter(self.delimiter).quote(self.quote).escape(self.escape);
        // The number of fields is checked with a better message.
        builder.comment(self.comment).flexible(true).buffer_capacity(1 << 18);
        if !csv.trim {
            return Ok(builder.from_reader(bytes));
        }
        builder.trim(::csv::Trim::All);
        Ok(builder.from_reader(Box::new(SkipBlanks::new(bytes, self.delimiter, self.quote))))
    }
}

/// The delimiter that most lines have equally often, at least once; a comma if none has that.
fn find_delimiter(start: &[u8], quote: u8, comment: Option<u8>) -> u8 {
    let mut counts: Vec<[usize; DELIMITERS.len()]> = vec![[0; DELIMITERS.len()]];
    let mut quoted = false;
    let mut at_start = true;
    let mut skipping = false;
    for &byte in start {
        skipping |= at_start && !quoted && Some(byte) == comment;
        at_start = false;
        if byte == b'\n' && (!quoted || skipping) {
            if counts.len() > LINES {
                break;
            }
            match skipping {
                true => counts.pop().map_or((), |_| counts.push([0; DELIMITERS.len()])),
                false => counts.push([0; DELIMITERS.len()]),
            }
            (at_start, skipping) = (true, false);
        } else if byte == quote && !skipping {
            quoted = !quoted;
        } else if let (false, Some(at)) = (quoted, DELIMITERS.iter().position(|&delimiter| delimiter == byte)) {
            let line = counts.len() - 1;
            counts[line][at] += 1;
        }
    }
    // The last line may be cut, or be none at all.
    if counts.len() > 1 {
        counts.pop();
    }
    let lines = counts.len();
    let agreeing = |at: usize| {
        let first = counts[0][at];
        if first == 0 { 0 } else { counts.iter().filter(|line| line[at] == first).count() }
    };
    // Of equally good ones the first of the list, unless another one cuts more fields.
    let best = (0..DELIMITERS.len()).rev().max_by_key(|&at| (agreeing(at), counts[0][at]));
    best.filter(|&at| 2 * agreeing(at) > lines || agreeing(at) == lines).map_or(b',', |at| DELIMITERS[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delimiters_are_found_outside_of_quotes() {
        let find = |text: &str| char::from(find_delimiter(text.as_bytes(), b'"', Some(b'#')));
        assert_eq!(find("a,b\n1,2\n"), ',');
        assert_eq!(find("name;price\nx;1,5\ny;2,25\n"), ';');
        assert_eq!(find("a\tb\n1, 2\t3\n"), '\t');
        assert_eq!(find("a|b|c\n1|2|3\n"), '|');
        assert_eq!(find("a;b\n\"x,y,z\";1\n\"u,v\n,w\";2\n"), ';');
        assert_eq!(find("# a;b;c;d\nx,y\n1,2\n"), ',');
        assert_eq!(find("one column\nvalue\n"), ',');
        assert_eq!(find(""), ',');
    }
}
