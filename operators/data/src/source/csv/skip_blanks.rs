//! Blanks in front of fields, left out before the fields are cut: a quote after a blank would be no quote.

use std::io::Read;

/// Bytes without the blanks after delimiters and line ends, but for those in quotes.
pub(super) struct SkipBlanks<R> {
    inner: R,
    delimiter: u8,
    quote: u8,
    at_start: bool,
    quoted: bool,
}

impl<R: Read> SkipBlanks<R> {
    /// The bytes of a reader.
    pub fn new(inner: R, delimiter: u8, quote: u8) -> Self {
        Self { inner, delimiter, quote, at_start: true, quoted: false }
    }

    fn keeps(&mut self, byte: u8) -> bool {
        if self.at_start && !self.quoted && byte == b' ' {
            return false;
        }
        self.quoted ^= byte == self.quote;
        self.at_start = !self.quoted && (byte == self.delimiter || byte == b'\n');
        true
    }
}

impl<R: Read> Read for SkipBlanks<R> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        loop {
            let found = self.inner.read(out)?;
            let mut kept = 0;
            for at in 0..found {
                let byte = out[at];
                if self.keeps(byte) {
                    out[kept] = byte;
                    kept += 1;
                }
            }
            // Nothing means the end, which a run of blanks is not.
            if kept > 0 || found == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_in_quotes_and_within_fields_stay() {
        let text = "a,  b, c d\n  1, \"x,  y\",   \"\"\"  z\"\n";
        for room in [1, 3, 100] {
            let mut reader = SkipBlanks::new(text.as_bytes(), b',', b'"');
            let (mut found, mut out) = (Vec::new(), vec![0; room]);
            loop {
                match reader.read(&mut out).unwrap() {
                    0 => break,
                    count => found.extend_from_slice(&out[..count]),
                }
            }
            assert_eq!(String::from_utf8(found).unwrap(), "a,b,c d\n1,\"x,  y\",\"\"\"  z\"\n");
        }
    }
}
