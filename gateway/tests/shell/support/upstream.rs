//! A real HTTP/1 upstream on threads: answers by path, and keeps what it received.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::client::find;

/// One request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    /// Which connection it came over.
    pub(crate) connection: usize,
}

impl Received {
    pub(crate) fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

/// The upstream; it lives as long as its process.
pub(crate) struct Upstream {
    pub(crate) address: SocketAddr,
    kept: Arc<Kept>,
}

/// What it remembers.
#[derive(Default)]
struct Kept {
    received: Mutex<Vec<Received>>,
    /// Connections that ended in a reset while a request was read.
    resets: AtomicUsize,
    /// Answers behind which more was sent than they have.
    surplus: AtomicUsize,
    /// Bodies that came a while after their head.
    late: AtomicUsize,
    /// Says 503 to whoever asks for its health.
    sick: AtomicBool,
}

const TOO_LARGE: &[u8] = b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nserver: leaky/1.0\r\n";

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let kept: Arc<Kept> = Arc::default();
        let theirs = kept.clone();
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let kept = theirs.clone();
                std::thread::spawn(move || serve(stream.unwrap(), connection, &kept));
            }
        });
        Self { address, kept }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.kept.received.lock().unwrap().clone()
    }

    /// How often octets behind an answer have reached the gateway's socket.
    pub(crate) fn surplus(&self) -> usize {
        self.kept.surplus.load(Ordering::Relaxed)
    }

    /// From now on its health is this.
    pub(crate) fn is_sick(&self, sick: bool) {
        self.kept.sick.store(sick, Ordering::Relaxed);
    }

    /// What did not ask for its health.
    pub(crate) fn served(&self) -> usize {
        let received = self.received();
        received
            .iter()
            .filter(|request| !request.target().ends_with("/healthz"))
            .count()
    }

    /// How often a body that came late has reached the gateway's socket.
    pub(crate) fn late(&self) -> usize {
        self.kept.late.load(Ordering::Relaxed)
    }

    pub(crate) fn resets(&self) -> usize {
        self.kept.resets.load(Ordering::Relaxed)
    }
}

fn serve(mut stream: TcpStream, connection: usize, kept: &Kept) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    let mut more = |stream: &mut TcpStream, buffer: &mut Vec<u8>| {
        let mut octets = [0; 65536];
        match stream.read(&mut octets) {
            Ok(read) if read > 0 => {
                buffer.extend_from_slice(&octets[..read]);
                return Some(());
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => kept.resets.fetch_add(1, Ordering::Relaxed),
            Ok(_) | Err(_) => 0,
        };
        None
    };
    while let Some(mut request) = head(&mut stream, &mut buffer, connection, &mut more) {
        if request.target().starts_with("/echoes") {
            kept.received.lock().unwrap().push(request);
            return echo(&mut stream, &mut buffer, &mut more);
        }
        let early = request.target().starts_with("/early");
        if !early && body(&mut stream, &mut buffer, &mut request, &mut more).is_none() {
            return;
        }
        kept.received.lock().unwrap().push(request.clone());
        if !answer(&mut stream, &request, kept) {
            return;
        }
        if request.target().starts_with("/surplus") {
            let evil = format!("{OK}content-length: 8\r\n\r\n{{\"id\":6}}");
            stream.write_all(evil.as_bytes()).unwrap();
            kept.surplus.fetch_add(1, Ordering::Relaxed);
        }
        if early && body(&mut stream, &mut buffer, &mut request, &mut more).is_none() {
            return;
        }
    }
}

/// Answers with what comes as it comes, until the connection ends.
fn echo(stream: &mut TcpStream, buffer: &mut Vec<u8>, more: More<'_>) {
    let _ = stream.write_all(format!("{OK}\r\n").as_bytes());
    while stream.write_all(&std::mem::take(buffer)).is_ok() && more(stream, buffer).is_some() {}
}

type More<'m> = &'m mut dyn FnMut(&mut TcpStream, &mut Vec<u8>) -> Option<()>;

fn head(stream: &mut TcpStream, buffer: &mut Vec<u8>, connection: usize, more: More<'_>) -> Option<Received> {
    let end = loop {
        match find(buffer, b"\r\n\r\n") {
            Some(end) => break end + 4,
            None => more(stream, buffer)?,
        }
    };
    let head = String::from_utf8(buffer.drain(..end).collect()).unwrap();
    Some(Received {
        head,
        body: Vec::new(),
        connection,
    })
}

fn body(stream: &mut TcpStream, buffer: &mut Vec<u8>, request: &mut Received, more: More<'_>) -> Option<()> {
    if let Some(length) = request.header("content-length") {
        let length = length.parse().unwrap();
        while buffer.len() < length {
            more(stream, buffer)?;
        }
        request.body = buffer.drain(..length).collect();
    } else if request.header("transfer-encoding").is_some() {
        loop {
            let end = loop {
                match find(buffer, b"\r\n") {
                    Some(end) => break end,
                    None => more(stream, buffer)?,
                }
            };
            let line: Vec<u8> = buffer.drain(..end + 2).collect();
            let size = usize::from_str_radix(std::str::from_utf8(&line[..end]).unwrap(), 16).unwrap();
            while buffer.len() < size + 2 {
                more(stream, buffer)?;
            }
            request.body.extend(buffer.drain(..size));
            buffer.drain(..2);
            if size == 0 {
                break;
            }
        }
    }
    Some(())
}

/// Answers by path; false: the connection ends.
fn answer(stream: &mut TcpStream, request: &Received, kept: &Kept) -> bool {
    let path = request.target().split('?').next().unwrap();
    let number = path
        .rsplit('/')
        .next()
        .and_then(|text| text.parse::<usize>().ok())
        .unwrap_or(0);
    let kind = path.split('/').nth(1).unwrap_or_default();
    let whole = |stream: &mut TcpStream, body: &[u8]| {
        let body_out = if request.head.starts_with("HEAD") {
            &[][..]
        } else {
            body
        };
        let head = format!("{OK}content-length: {}\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), body_out].concat()).is_ok()
    };
    match kind {
        "healthz" if kept.sick.load(Ordering::Relaxed) => stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
            .is_ok(),
        "echo" => whole(stream, &request.body),
        "slow" => {
            std::thread::sleep(Duration::from_millis(number as u64));
            whole(stream, b"{}")
        }
        "large" => whole(stream, format!("\"{}\"", "x".repeat(number)).as_bytes()),
        "chunks" => {
            stream
                .write_all(format!("{OK}transfer-encoding: chunked\r\n\r\n").as_bytes())
                .unwrap();
            for _ in 0..number {
                stream.write_all(b"4;x=y\r\nabcd\r\n").unwrap();
            }
            stream.write_all(b"0\r\ntrailer: x\r\n\r\n").is_ok()
        }
        "until-close" => {
            let _ = stream.write_all(format!("{OK}\r\n").as_bytes());
            let _ = stream.write_all(&vec![b'z'; number]);
            false
        }
        "garbage" => {
            let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\r\n");
            false
        }
        "both-lengths" => {
            let _ = stream
                .write_all(format!("{OK}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n").as_bytes());
            false
        }
        "closes" => {
            let _ = stream.shutdown(Shutdown::Both);
            false
        }
        "half" => {
            let _ = stream.write_all(format!("{OK}content-length: 100\r\n\r\nhalf").as_bytes());
            false
        }
        "once" => {
            whole(stream, b"{}");
            false
        }
        "early" => {
            let _ = stream.write_all(TOO_LARGE);
            std::thread::sleep(Duration::from_millis(300));
            false
        }
        "early-stays" => {
            let _ = stream.write_all(TOO_LARGE);
            loop {
                std::thread::park();
            }
        }
        "early-reads" => {
            std::thread::sleep(Duration::from_millis(number as u64));
            stream.write_all(TOO_LARGE).is_ok()
        }
        "early-fine" => whole(stream, b"{}"),
        "no-body" => {
            let _ = stream.write_all(format!("{OK}content-length: 100\r\n\r\n").as_bytes());
            false
        }
        "late-body" => {
            let _ = stream.write_all(format!("{OK}content-length: 100\r\n\r\n").as_bytes());
            loop {
                std::thread::park();
            }
        }
        "late-error" => {
            let head = "HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n";
            stream.write_all(head.as_bytes()).unwrap();
            std::thread::sleep(Duration::from_millis(number as u64));
            stream.write_all(b"<p>no").unwrap();
            kept.late.fetch_add(1, Ordering::Relaxed);
            true
        }
        "begins" => {
            let _ = stream.write_all(format!("{OK}\r\nbegun").as_bytes());
            loop {
                std::thread::park();
            }
        }
        "no-chunks" => stream
            .write_all(format!("{OK}transfer-encoding: chunked\r\n\r\nzz\r\n0\r\n\r\n").as_bytes())
            .is_ok(),
        "long-head" => {
            let head = format!("{OK}x-long: {}\r\ncontent-length: 2\r\n\r\n{{}}", "l".repeat(number));
            stream.write_all(head.as_bytes()).is_ok()
        }
        "bare-lf" => stream
            .write_all(b"HTTP/1.1 200 OK\ncontent-type: application/json\ncontent-length: 2\n\n{}")
            .is_ok(),
        "interim" => {
            stream
                .write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n")
                .unwrap();
            whole(stream, b"{}")
        }
        "surplus" => whole(stream, b""),
        "unavailable" => stream
            .write_all(b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n")
            .is_ok(),
        "nothing" => stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").is_ok(),
        _ => whole(stream, b"{\"id\":1}"),
    }
}
