//! Request over HTTP/1.1: method, bucket, key, query and range.

use std::io::{BufRead, BufReader, Read};

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub bucket: String,
    /// Decoded.
    pub key: String,
    pub query: Vec<(String, String)>,
    /// First and last byte.
    pub range: Option<(Option<usize>, Option<usize>)>,
    pub signed: bool,
}

impl Request {
    /// The next request of a connection; none at its end.
    pub fn read<R: Read>(connection: &mut BufReader<R>) -> Option<Self> {
        let mut line = String::new();
        connection.read_line(&mut line).ok().filter(|&read| read > 0)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let (mut range, mut signed) = (None, false);
        loop {
            let mut line = String::new();
            connection.read_line(&mut line).ok().filter(|&read| read > 0)?;
            let header = line.trim();
            if header.is_empty() {
                break;
            }
            let (name, value) = header.split_once(':')?;
            match name.to_ascii_lowercase().as_str() {
                "range" => {
                    let (from, to) = value.trim().strip_prefix("bytes=")?.split_once('-')?;
                    range = Some((from.parse().ok(), to.parse().ok()));
                }
                "authorization" => signed = true,
                _ => {}
            }
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let path = path.trim_start_matches('/');
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let pair = |pair: &str| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(value))
        };
        let query = query.split('&').filter(|pair| !pair.is_empty()).map(pair).collect();
        Some(Self { method, bucket: decoded(bucket), key: decoded(key), query, range, signed })
    }

    /// A parameter of the query.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..2).filter(|_| first == b'%').map(|code| std::str::from_utf8(code).unwrap());
        rest = match code {
            Some(code) => {
                bytes.push(u8::from_str_radix(code, 16).unwrap());
                &after[2..]
            }
            None => {
                bytes.push(first);
                after
            }
        };
    }
    String::from_utf8(bytes).unwrap()
}
