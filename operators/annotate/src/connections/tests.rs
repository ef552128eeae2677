//! Clients that are silent, slow, many or confused, and those that only want an answer.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::body::Bytes;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::*;
use crate::tls::Tls;
use crate::tls::tests::Certificate;

const LARGE: usize = 1 << 26;
/// More than any of this takes on a busy machine.
const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(300);

/// No limit that matters, but one on connections.
fn limits(connections: usize) -> Limits {
    Limits { connections, header: LONG, keep_alive: LONG, body: LONG }
}

struct Running {
    address: SocketAddr,
    /// One permit for each request at `/wait`.
    arrived: Arc<Semaphore>,
    /// A request at `/wait` is answered for each permit.
    answers: Arc<Semaphore>,
    stop: oneshot::Sender<()>,
    ended: JoinHandle<()>,
}

impl Running {
    async fn start(limits: Limits, tls: Option<TlsAcceptor>, grace: Duration) -> Self {
        let (arrived, answers) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
        let permits = (Arc::clone(&arrived), Arc::clone(&answers));
        let wait = async move || {
            permits.0.add_permits(1);
            permits.1.acquire().await.unwrap().forget();
            "done"
        };
        let router = Router::new()
            .route("/", get(async || "hello"))
            .route("/echo", post(async |body: String| body))
            .route("/large", get(async || Bytes::from(vec![0; LARGE])))
            .route("/panic", get(async || -> &'static str { panic!("as asked") }))
            .route("/wait", get(wait));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let ended = tokio::spawn(serve(listener, tls, router, limits, async { stopped.await.unwrap() }, grace));
        Self { address, arrived, answers, stop, ended }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A connection whose request is with its handler.
    async fn waiting(&self) -> TcpStream {
        let mut stream = self.connect().await;
        send(&mut stream, "GET /wait").await;
        timeout(LONG, self.arrived.acquire()).await.unwrap().unwrap().forget();
        stream
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), request: &str) {
    stream.write_all(format!("{request} HTTP/1.1\r\nhost: localhost\r\n\r\n").as_bytes()).await.unwrap();
}

/// What comes until the connection is closed or reset.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> String {
    let mut bytes = Vec::new();
    timeout(LONG, stream.read_to_end(&mut bytes)).await.expect("the connection is still open").ok();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Asks for `/` on a connection that stays open.
async fn hello(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
    send(stream, "GET /").await;
    let mut answer = String::new();
    while !answer.ends_with("\r\n\r\nhello") {
        let byte = timeout(LONG, stream.read_u8()).await.unwrap();
        answer.push(byte.unwrap_or_else(|error| panic!("{error} after {answer}")).into());
    }
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

async fn tls_client(server: &Running, certificate: &Certificate) -> TlsStream<TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certificate.chain()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = "localhost".try_into().unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, server.connect().await).await.unwrap()
}

fn acceptor(certificate: &Certificate) -> TlsAcceptor {
    Tls::read(certificate.chain(), certificate.key()).unwrap().acceptor()
}

#[tokio::test]
async fn silent_sockets_lock_nobody_out_and_are_closed() {
    let certificate = Certificate::new();
    for tls in [None, Some(acceptor(&certificate))] {
        let limits = Limits { header: Duration::from_secs(2), ..Limits::default() };
        let server = Running::start(limits, tls.clone(), SHORT).await;
        let mut silent = Vec::new();
        for _ in 0..300 {
            silent.push(server.connect().await);
        }
        let asked = Instant::now();
        match tls {
            None => hello(&mut server.connect().await).await,
            Some(_) => hello(&mut tls_client(&server, &certificate).await).await,
        }
        assert!(asked.elapsed() < limits.header, "it waited for others to be closed");
        for mut stream in silent {
            assert_eq!(rest(&mut stream).await, "");
        }
    }
}

#[tokio::test]
async fn slow_headers_are_cut_off() {
    let server = Running::start(Limits { header: SHORT, keep_alive: SHORT, ..limits(4) }, None, SHORT).await;
    let (mut reader, mut writer) = server.connect().await.into_split();
    let writing = tokio::spawn(async move {
        for byte in "GET / HTTP/1.1\r\n".bytes().chain(std::iter::repeat(b'x')) {
            if writer.write_u8(byte).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
    });
    assert_eq!(rest(&mut reader).await, "");
    writing.await.unwrap();
    // As is a connection that was used before, and is silent for longer than it is kept.
    let mut stream = server.connect().await;
    hello(&mut stream).await;
    assert_eq!(rest(&mut stream).await, "");
}

#[tokio::test]
async fn large_headers_are_refused() {
    let server = Running::start(limits(4), None, SHORT).await;
    let mut stream = server.connect().await;
    stream.write_all(format!("GET / HTTP/1.1\r\nx: {}", "x".repeat(BUFFER)).as_bytes()).await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn slow_bodies_and_handlers_are_answered_408() {
    let server = Running::start(Limits { body: SHORT, ..limits(4) }, None, SHORT).await;
    for request in
        ["POST /echo HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nslow", "GET /wait HTTP/1.1\r\n\r\n"]
    {
        let mut stream = server.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        let answer = rest(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("connection: close"), "{answer}");
    }
}

#[tokio::test]
async fn slow_readers_are_cut_off() {
    let certificate = Certificate::new();
    for tls in [None, Some(acceptor(&certificate))] {
        let server = Running::start(Limits { body: SHORT, ..limits(1) }, tls.clone(), SHORT).await;
        let received = match tls {
            None => cut_off(server.connect().await).await,
            Some(_) => cut_off(tls_client(&server, &certificate).await).await,
        };
        assert!(received < LARGE, "all of it was sent");
    }
}

/// How much comes of what is not read for too long.
async fn cut_off(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> usize {
    send(&mut stream, "GET /large").await;
    sleep(5 * SHORT).await;
    rest(&mut stream).await.len()
}

#[tokio::test]
async fn the_longest_idle_makes_room_and_the_busy_stay() {
    let server = Running::start(limits(3), None, SHORT).await;
    let mut busy = server.waiting().await;
    let (mut first, mut second) = (server.connect().await, server.connect().await);
    hello(&mut first).await;
    hello(&mut second).await;
    hello(&mut first).await;
    let mut third = server.waiting().await;
    assert_eq!(rest(&mut second).await, "");
    hello(&mut first).await;
    let mut fourth = server.waiting().await;
    assert_eq!(rest(&mut first).await, "");
    assert_eq!(rest(&mut server.connect().await).await, "", "all are busy");
    server.answers.add_permits(3);
    server.stop.send(()).unwrap();
    for stream in [&mut busy, &mut third, &mut fourth] {
        assert!(rest(stream).await.ends_with("\r\n\r\ndone"));
    }
}

#[tokio::test]
async fn an_address_has_half_of_the_connections() {
    let mut connections = Connections { limits: limits(4), open: HashMap::new(), tasks: JoinSet::new() };
    let [near, far, farther] = ["127.0.0.1", "192.0.2.1", "2001:db8::1"].map(|address| address.parse().unwrap());
    let mut phases = Vec::new();
    let mut add = |connections: &mut Connections, peer| {
        let (sender, phase) = watch::channel(Phase::Answering(Instant::now()));
        let task = connections.tasks.spawn(pending());
        connections.open.insert(task.id(), Open { peer, phase, task });
        phases.push(sender);
        phases.len() - 1
    };
    add(&mut connections, near);
    add(&mut connections, far);
    assert!(connections.make_room(far));
    let idle = add(&mut connections, far);
    assert!(!connections.make_room(far), "two of four are its share");
    assert!(connections.make_room(farther) && connections.make_room(near));
    phases[idle].send_replace(Phase::idle());
    assert!(connections.make_room(far));
    assert_eq!(connections.open.len(), 2, "its own made room");
}

#[tokio::test]
async fn a_panic_ends_one_connection() {
    let server = Running::start(limits(1), None, SHORT).await;
    let mut stream = server.connect().await;
    send(&mut stream, "GET /panic").await;
    assert_eq!(rest(&mut stream).await, "");
    hello(&mut server.connect().await).await;
}

#[tokio::test]
async fn a_shutdown_lets_requests_end() {
    let server = Running::start(limits(8), None, LONG).await;
    let mut idle = server.connect().await;
    hello(&mut idle).await;
    let mut busy = server.waiting().await;
    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut idle).await, "");
    assert!(TcpStream::connect(server.address).await.is_err());
    server.answers.add_permits(1);
    assert!(rest(&mut busy).await.ends_with("\r\n\r\ndone"));
    timeout(LONG, server.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_shutdown_waits_no_longer_than_its_grace() {
    let server = Running::start(limits(8), None, SHORT).await;
    let mut busy = server.waiting().await;
    server.stop.send(()).unwrap();
    assert_eq!(rest(&mut busy).await, "");
    timeout(LONG, server.ended).await.unwrap().unwrap();
}

#[tokio::test]
async fn tls_is_http_1_1_over_one_connection() {
    let certificate = Certificate::new();
    let server = Running::start(limits(4), Some(acceptor(&certificate)), SHORT).await;
    let mut stream = tls_client(&server, &certificate).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    hello(&mut stream).await;
    hello(&mut stream).await;
}

#[tokio::test]
async fn the_wrong_protocol_is_refused() {
    let certificate = Certificate::new();
    let server = Running::start(limits(4), Some(acceptor(&certificate)), SHORT).await;
    let mut stream = server.connect().await;
    send(&mut stream, "GET /").await;
    assert!(!rest(&mut stream).await.contains("HTTP"));
    hello(&mut tls_client(&server, &certificate).await).await;

    let plain = Running::start(limits(4), None, SHORT).await;
    let mut stream = plain.connect().await;
    stream.write_all(b"\x16\x03\x01\x00\xc8\x01\x00\x00\xc4\x03\x03 the start of a TLS handshake").await.unwrap();
    assert!(rest(&mut stream).await.starts_with("HTTP/1.1 400 "));
    hello(&mut plain.connect().await).await;
}
