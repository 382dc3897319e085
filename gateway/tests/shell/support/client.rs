//! A client that sends exactly the octets it is told, and reads answers as RFC 9112 frames them.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn closes(&self) -> bool {
        self.header("connection") == Some("close")
    }
}

impl Client {
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::over(TcpStream::connect(to).unwrap())
    }

    /// From another address of this machine, with as little room for answers as the system gives.
    pub(crate) fn from(address: &str, to: SocketAddr) -> Self {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let from: SocketAddr = format!("{address}:0").parse().unwrap();
        socket.set_recv_buffer_size(4_096).unwrap();
        socket.bind(&from.into()).unwrap();
        socket.connect(&to.into()).unwrap();
        Self::over(socket.into())
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, octets: impl AsRef<[u8]>) -> &mut Self {
        self.stream.write_all(octets.as_ref()).unwrap();
        self
    }

    pub(crate) fn get(&mut self, target: &str) -> Answer {
        self.send(format!("GET {target} HTTP/1.1\r\nHost: shop.example\r\n\r\n"))
            .answer()
    }

    pub(crate) fn post(&mut self, target: &str, body: &[u8]) -> Answer {
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: shop.example\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.send([head.as_bytes(), body].concat()).answer()
    }

    /// Sends a body of so many octets for as long as it is taken; the answer, where there is one.
    pub(crate) fn stream_all(&mut self, target: &str, size: usize) -> Option<Answer> {
        self.send(format!(
            "POST {target} HTTP/1.1\r\nHost: shop.example\r\nContent-Length: {size}\r\n\r\n"
        ));
        let _ = self.stream.write_all(&vec![b's'; size]);
        self.answer_to("POST")
    }

    /// The next answer; panics where the connection ends before it is whole.
    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_to("GET").unwrap()
    }

    /// The next answer to a request with this method; none: the connection ended before it was whole.
    pub(crate) fn answer_to(&mut self, method: &str) -> Option<Answer> {
        let head = loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                break String::from_utf8(self.buffer.drain(..end + 4).collect()).unwrap();
            }
            self.more()?;
        };
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        if method == "HEAD" || matches!(status, 100 | 204 | 304) {
            return Some(answer);
        }
        answer.body = if let Some(length) = answer.header("content-length") {
            let length = length.parse().unwrap();
            while self.buffer.len() < length {
                self.more()?;
            }
            self.buffer.drain(..length).collect()
        } else if answer.header("transfer-encoding") == Some("chunked") {
            self.chunks()?
        } else {
            while self.more().is_some() {}
            std::mem::take(&mut self.buffer)
        };
        Some(answer)
    }

    fn chunks(&mut self) -> Option<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let end = loop {
                match find(&self.buffer, b"\r\n") {
                    Some(end) => break end,
                    None => self.more()?,
                }
            };
            let line: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let size = usize::from_str_radix(std::str::from_utf8(&line[..end]).unwrap(), 16).unwrap();
            while self.buffer.len() < size + 2 {
                self.more()?;
            }
            body.extend(self.buffer.drain(..size));
            self.buffer.drain(..2);
            if size == 0 {
                return Some(body);
            }
        }
    }

    /// Goes without a word.
    pub(crate) fn reset(self) {
        let linger = Some(Duration::ZERO);
        socket2::SockRef::from(&self.stream).set_linger(linger).unwrap();
    }

    /// Whether the connection ends in a reset, whatever came before.
    pub(crate) fn is_reset(&mut self) -> bool {
        let ended = self.stream.read_to_end(&mut self.buffer);
        ended.is_err_and(|error| error.kind() == ErrorKind::ConnectionReset)
    }

    fn more(&mut self) -> Option<()> {
        let mut octets = [0; 65536];
        match self.stream.read(&mut octets) {
            Ok(read) if read > 0 => self.buffer.extend_from_slice(&octets[..read]),
            Ok(_) | Err(_) => return None,
        }
        Some(())
    }

    /// Whether the other side has closed, and sent nothing more.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.buffer.is_empty() && self.more().is_none()
    }
}

pub(crate) fn find(octets: &[u8], wanted: &[u8]) -> Option<usize> {
    octets.windows(wanted.len()).position(|window| window == wanted)
}
