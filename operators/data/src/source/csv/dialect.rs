//! Dialect of a delimited file: its delimiter, quotes, comments and header, partly found by looking.

use std::io::Read;
use std::path::Path;

use super::quote_check::{QuoteCheck, SpecialBytes};
use super::settings::Csv;
use super::skip_blanks::SkipBlanks;
use crate::input_file;
use crate::source::decoded_file;
use crate::{DataError, Result};

/// Delimiters that are looked for; of equally good ones the first. Commas come last: they are in numbers and texts, too.
const DELIMITERS: [u8; 4] = [b'\t', b';', b'|', b','];
/// How much of a file is looked at, and how many lines of it.
const LOOK: u64 = 1 << 16;
const LINES: usize = 100;

/// How a file is cut into fields.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    pub quote: u8,
    pub quoting: bool,
    pub escape: Option<u8>,
    pub comment: Option<u8>,
    pub header: bool,
    /// Whether the first line names the delimiter (`sep=;`), as Excel reads it.
    pub preamble: bool,
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
        let mut start = Vec::new();
        let mut reader = decoded_file::open(path, csv.encoding()?)?.take(LOOK);
        // What is no text is reported with its place when the rows are read, but a store that answers by then would have
        // left us with half a line.
        if let Err(error) = reader.read_to_end(&mut start)
            && let Ok(own) = error.downcast::<DataError>()
        {
            return Err(own);
        }
        refuse_foreign(path, &start)?;
        let named = preamble(&start);
        let delimiter = match option("delimiter", csv.delimiter)?.or(named) {
            Some(delimiter) => delimiter,
            None => find_delimiter(&start, quote, comment),
        };
        let escape = option("escape", csv.escape)?;
        let (quoting, header, preamble) = (csv.quoting, csv.header, named.is_some());
        Ok(Self { delimiter, quote, quoting, escape, comment, header, preamble })
    }

    /// A reader of a file's records, the header among them.
    pub fn records(&self, csv: &Csv, path: &Path) -> Result<::csv::Reader<Box<dyn Read + Send>>> {
        let mut bytes = decoded_file::open(path, csv.encoding()?)?;
        if self.preamble {
            let mut byte = [0];
            while bytes.read(&mut byte).map_err(input_file::read_error(path))? == 1 && byte[0] != b'\n' {}
        }
        let mut builder = ::csv::ReaderBuilder::new();
        builder
            .has_headers(false)
            .delimiter(self.delimiter)
            .quote(self.quote)
            .quoting(self.quoting)
            .escape(self.escape);
        // The number of fields is checked with a better message.
        builder.comment(self.comment).flexible(true).buffer_capacity(1 << 18);
        if csv.trim {
            builder.trim(::csv::Trim::All);
            bytes = Box::new(SkipBlanks::new(bytes, self.delimiter, self.quote));
        }
        if self.quoting {
            let Self { delimiter, quote, escape, comment, .. } = *self;
            let special = SpecialBytes { delimiter, quote, escape, comment };
            bytes = Box::new(QuoteCheck::new(bytes, path.to_path_buf(), special));
        }
        Ok(builder.from_reader(bytes))
    }
}

/// The delimiter that a first line such as `sep=;` names.
fn preamble(start: &[u8]) -> Option<u8> {
    let line = start.split(|&byte| byte == b'\n').next()?.trim_ascii_end();
    match line {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter] => Some(*delimiter),
        // The tab was cut as a blank.
        b"sep=" if start.get(4) == Some(&b'\t') => Some(b'\t'),
        _ => None,
    }
}

/// Files of other formats, by their first bytes.
const FOREIGN: [(&[u8], &str, &str); 7] = [
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "Unpack it, or save the sheet as CSV."),
    (b"BZh", "a file that bzip2 compressed", "Unpack it, or compress it by gzip or zstd."),
    (b"\xfd7zXZ", "a file that xz compressed", "Unpack it, or compress it by gzip or zstd."),
    (b"PAR1", "a Parquet file", "Read it by `parquet(..)`."),
    (b"ARROW1", "an Arrow file", "Write it as Parquet and read it by `parquet(..)`."),
    (b"ORC", "an ORC file", "Write it as Parquet and read it by `parquet(..)`."),
    (b"{\"", "objects in JSON", "Read it by `json_lines(..)`."),
];

/// Refuses what is no delimited text, by its first bytes. A header may begin with `ORC`; but only bytes that are no text have a 0.
fn refuse_foreign(path: &Path, start: &[u8]) -> Result<()> {
    match FOREIGN.iter().find(|(magic, ..)| start.starts_with(magic) && (magic[0] == b'{' || start.contains(&0))) {
        None => Ok(()),
        Some((_, found, hint)) => Err(DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "delimited text".to_owned(),
            found: (*found).to_owned(),
            hint: (*hint).to_owned(),
        }),
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
        assert_eq!(find("Preis, netto;Menge\n1,5;2\n2,5;3\n"), ';');
        assert_eq!(
            [preamble(b"sep=;\r\na;b"), preamble(b"sep=\t\na"), preamble(b"sep,a\n")],
            [Some(b';'), Some(b'\t'), None]
        );
    }
}
