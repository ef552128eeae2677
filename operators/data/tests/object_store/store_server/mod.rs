//! Server of objects: a small part of S3's interface (which Google's also is) and plain HTTP on one port, and failures
//! where a test wants them.
#![allow(dead_code, reason = "not every test needs every failure")]

mod azure_list;
mod request;

use std::collections::BTreeMap;
use std::io::{BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use self::request::Request;

/// Keys of one page of a list: few, so that lists have several pages.
const PAGE: usize = 3;

/// How a request fails.
#[derive(Debug, Clone)]
pub enum Failure {
    /// With a status, and S3's code for it.
    Status(u16, &'static str),
    /// With a status, if the file is not to be sent but only told of.
    Head(u16),
    /// The connection ends after so many bytes of the body.
    CutAfter(usize),
}

#[derive(Debug, Default)]
struct State {
    /// Bytes and version, by bucket and key.
    objects: BTreeMap<(String, String), (Vec<u8>, u64)>,
    /// Bucket, key, failure, and how often it still happens.
    failures: Vec<(String, String, Failure, usize)>,
    requests: Vec<Request>,
    versions: u64,
}

/// A server on a port of its own, on threads.
#[derive(Debug, Clone)]
pub struct Server {
    state: Arc<Mutex<State>>,
    pub port: u16,
}

impl Server {
    /// Starts one without a bucket.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self { state: Arc::default(), port: listener.local_addr().unwrap().port() };
        let of_thread = server.clone();
        std::thread::spawn(move || {
            for connection in listener.incoming() {
                let server = of_thread.clone();
                std::thread::spawn(move || server.serve(connection.unwrap()));
            }
        });
        server
    }

    /// Writes an object; its bucket comes into being. Buckets called `bare..` tell neither tag nor time.
    pub fn put(&self, bucket: &str, key: &str, bytes: impl AsRef<[u8]>) {
        let mut state = self.state.lock().unwrap();
        state.versions += 1;
        let version = state.versions;
        state.objects.insert((bucket.to_owned(), key.to_owned()), (bytes.as_ref().to_vec(), version));
    }

    /// Lets the next `times` requests for an object's bytes (or the bucket's list, if the key is empty) fail.
    pub fn fail(&self, bucket: &str, key: &str, failure: Failure, times: usize) {
        self.state.lock().unwrap().failures.push((bucket.to_owned(), key.to_owned(), failure, times));
    }

    /// The requests about a bucket so far.
    pub fn requests(&self, bucket: &str) -> Vec<Request> {
        self.state.lock().unwrap().requests.iter().filter(|request| request.bucket == bucket).cloned().collect()
    }

    fn serve(&self, connection: TcpStream) {
        let mut reader = BufReader::new(connection.try_clone().unwrap());
        while let Some(request) = Request::read(&mut reader) {
            let (head, body, cut) = self.answer(&request);
            let sent = match (request.method.as_str(), cut) {
                ("HEAD", _) => &[][..],
                (_, Some(cut)) => &body[..cut.min(body.len())],
                (_, None) => &body[..],
            };
            let mut writer = &connection;
            // A client that has read enough closes the connection.
            let written = writer.write_all(head.as_bytes()).and_then(|()| writer.write_all(sent));
            if written.is_err() || cut.is_some() && request.method != "HEAD" {
                let _ = connection.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    /// Head and body of the answer, and where it is cut.
    fn answer(&self, request: &Request) -> (String, Vec<u8>, Option<usize>) {
        let mut state = self.state.lock().unwrap();
        state.requests.push(request.clone());
        let failure = state.failures.iter_mut().find(|(bucket, key, failure, times)| {
            let meant = match failure {
                Failure::Status(..) => true,
                Failure::Head(_) => request.method == "HEAD",
                Failure::CutAfter(_) => request.method == "GET",
            };
            *bucket == request.bucket && *key == request.key && *times > 0 && meant
        });
        let mut cut = None;
        if let Some((_, _, failure, times)) = failure {
            *times -= 1;
            match failure {
                Failure::Status(status, code) => return refusal(*status, code),
                Failure::Head(status) => return refusal(*status, "MethodNotAllowed"),
                Failure::CutAfter(bytes) => cut = Some(*bytes),
            }
        }
        if request.key.is_empty() {
            let objects = state.objects.iter().filter(|((bucket, _), _)| *bucket == request.bucket);
            let objects: Vec<_> =
                objects.map(|((_, key), (bytes, version))| (key.as_str(), bytes.len(), *version)).collect();
            return match () {
                () if objects.is_empty() => refusal(404, "NoSuchBucket"),
                () if request.parameter("comp").is_some() => page(&azure_list::page(request, &objects)),
                () => page(&list(request, &objects)),
            };
        }
        let Some((bytes, version)) = state.objects.get(&(request.bucket.clone(), request.key.clone())) else {
            return refusal(404, "NoSuchKey");
        };
        let mut head = match request.bucket.starts_with("bare") {
            true => String::new(),
            false => format!("ETag: \"{version}\"\r\nLast-Modified: {}\r\n", time(*version)),
        };
        let (status, body) = match request.range {
            None => ("200 OK", &bytes[..]),
            Some((from, to)) => {
                let (from, to) = match (from, to) {
                    (Some(from), to) => (from, to.map_or(bytes.len(), |to| (to + 1).min(bytes.len()))),
                    (None, last) => (bytes.len() - last.unwrap().min(bytes.len()), bytes.len()),
                };
                head.push_str(&format!("Content-Range: bytes {from}-{}/{}\r\n", to - 1, bytes.len()));
                ("206 Partial Content", &bytes[from..to])
            }
        };
        let head = format!("HTTP/1.1 {status}\r\n{head}Content-Length: {}\r\n\r\n", body.len());
        (head, body.to_vec(), cut)
    }
}

/// A moment that tells versions apart.
pub fn time(version: u64) -> String {
    format!("Wed, 01 Jan 2025 {:02}:{:02}:{:02} GMT", version / 3600 % 24, version / 60 % 60, version % 60)
}

fn page(text: &str) -> (String, Vec<u8>, Option<usize>) {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nContent-Length: {}\r\n\r\n", text.len());
    (head, text.as_bytes().to_vec(), None)
}

fn refusal(status: u16, code: &str) -> (String, Vec<u8>, Option<usize>) {
    let body = format!("<Error><Code>{code}</Code><Message>As the test wants it.</Message></Error>");
    let head = format!("HTTP/1.1 {status} No\r\nContent-Length: {}\r\n\r\n", body.len());
    (head, body.into_bytes(), None)
}

/// `ListObjectsV2`: a page of keys, and of folders where there is a delimiter.
fn list(request: &Request, objects: &[(&str, usize, u64)]) -> String {
    let prefix = request.parameter("prefix").unwrap_or_default();
    let after = request.parameter("continuation-token").unwrap_or_default();
    let mut names: Vec<(String, Option<(usize, u64)>)> = Vec::new();
    for (key, length, version) in objects.iter().filter(|(key, ..)| key.starts_with(prefix)) {
        let folder = request.parameter("delimiter").and_then(|_| key[prefix.len()..].find('/'));
        let name = match folder {
            Some(end) => (key[..=prefix.len() + end].to_owned(), None),
            None => ((*key).to_owned(), Some((*length, *version))),
        };
        if names.last() != Some(&name) && name.0.as_str() > after {
            names.push(name);
        }
    }
    let (more, shown) = (names.len() > PAGE, &names[..names.len().min(PAGE)]);
    let mut text = String::from("<ListBucketResult>");
    for (name, object) in shown {
        let name = name.replace('&', "&amp;");
        match object {
            Some((length, version)) => text.push_str(&format!(
                "<Contents><Key>{name}</Key><Size>{length}</Size><ETag>\"{version}\"</ETag>\
                 <LastModified>2025-01-01T00:00:00Z</LastModified></Contents>"
            )),
            None => text.push_str(&format!("<CommonPrefixes><Prefix>{name}</Prefix></CommonPrefixes>")),
        }
    }
    if more {
        text.push_str(&format!("<NextContinuationToken>{}</NextContinuationToken>", shown[PAGE - 1].0));
    }
    text + "</ListBucketResult>"
}
