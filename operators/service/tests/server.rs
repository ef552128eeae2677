//! A small HTTP server that follows a script.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use relata_service::{Service, service};
use serde_json::{Value, json};

/// What a request is answered with.
pub enum Reply {
    /// Status, further header lines, body.
    Full(u16, &'static str, String),
    /// A good response that ends in the middle of its body.
    Half(String),
    /// Nothing for so long, then the end of the connection.
    Silence(Duration),
    /// This response after so long.
    Slow(Duration, Box<Reply>),
}

/// A good response.
pub fn ok(body: impl ToString) -> Reply {
    Reply::Full(200, "", body.to_string())
}

/// A request as it came.
pub struct Seen {
    pub at: Instant,
    pub head: String,
    pub body: Value,
}

impl Seen {
    /// Question and candidate of every pair that was asked about.
    pub fn pairs(&self) -> Vec<(u64, u64)> {
        let questions = self.body["questions"].as_array().unwrap().iter();
        let pairs = questions.flat_map(|question| {
            let number = question["question"].as_u64().unwrap();
            let candidates = question["candidates"].as_array().unwrap().iter();
            candidates.map(move |candidate| (number, candidate["id"].as_u64().unwrap()))
        });
        pairs.collect()
    }

    /// The plain response that calls even candidates related.
    pub fn truth(&self) -> Value {
        answers(&self.pairs())
    }
}

/// A plain response about these pairs.
pub fn answers(pairs: &[(u64, u64)]) -> Value {
    let answer = |&(question, candidate): &(u64, u64)| json!({ "question": question, "candidate": candidate, "related": candidate % 2 == 0 });
    json!({ "answers": pairs.iter().map(answer).collect::<Vec<_>>() })
}

/// The server; its threads end with the process.
pub struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    most_at_once: Arc<AtomicUsize>,
}

impl Server {
    /// Answers request n (from 0) with what the script says about it.
    pub fn start(script: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = Self { address, seen: Arc::default(), most_at_once: Arc::default() };
        let (seen, most, now) = (server.seen.clone(), server.most_at_once.clone(), Arc::new(AtomicUsize::new(0)));
        let script = Arc::new(script);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (seen, most, now, script) = (seen.clone(), most.clone(), now.clone(), script.clone());
                std::thread::spawn(move || {
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    let mut stream = stream.unwrap();
                    let request = read(&mut stream);
                    let mut seen = seen.lock().unwrap();
                    let reply = script(seen.len(), &request);
                    seen.push(request);
                    drop(seen);
                    let (wait, reply) = match reply {
                        Reply::Slow(wait, reply) => (wait, Some(*reply)),
                        Reply::Silence(wait) => (wait, None),
                        reply => (Duration::ZERO, Some(reply)),
                    };
                    std::thread::sleep(wait);
                    // A client counts as served before it can send the next request.
                    now.fetch_sub(1, Ordering::SeqCst);
                    reply.into_iter().for_each(|reply| write(&mut stream, reply));
                });
            }
        });
        server
    }

    /// The oracle that asks it, without long pauses.
    pub fn oracle(&self) -> Service {
        service(format!("http://{}/answer", self.address)).pause(Duration::from_millis(5))
    }

    /// The address without a path.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What `read` makes of each request so far.
    pub fn seen<T>(&self, read: impl Fn(&Seen) -> T) -> Vec<T> {
        self.seen.lock().unwrap().iter().map(read).collect()
    }

    /// The most requests that were open at the same time.
    pub fn most_at_once(&self) -> usize {
        self.most_at_once.load(Ordering::SeqCst)
    }
}

fn read(stream: &mut TcpStream) -> Seen {
    let at = Instant::now();
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "a request ended early");
        bytes.extend_from_slice(&buffer[..count]);
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let body = &bytes[end + 4..];
        if body.len() == length.unwrap_or(0) {
            return Seen { at, head, body: serde_json::from_slice(body).unwrap() };
        }
    }
}

fn write(stream: &mut TcpStream, reply: Reply) {
    let (status, headers, body, sent) = match reply {
        Reply::Full(status, headers, body) => {
            let length = body.len();
            (status, headers, body, length)
        }
        Reply::Half(body) => {
            let half = body.len() / 2;
            (200, "", body, half)
        }
        Reply::Silence(_) | Reply::Slow(..) => return,
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n");
    // The client may have gone away.
    let _ = stream.write_all((head + &body[..sent]).as_bytes());
}
