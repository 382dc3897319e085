//! A gateway that speaks TLS, and two clients of HTTP/2: the crate's, which keeps the rules, and one that writes any frame.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use http::{Request, Response};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

use super::{Gateway, Settings};

const AUTHORITY: &str = include_str!("../../certificates/ca.pem");
const CHAIN: &str = include_str!("../../certificates/leaf.pem");
const KEY: &str = include_str!("../../certificates/leaf.key");
pub(crate) const NAME: &str = "shop.example";

/// A gateway whose listener speaks TLS, and HTTP/2 with so many streams; none: only HTTP/1.1.
pub(crate) fn secure(mut plan: Value, streams: Option<u32>) -> Gateway {
    plan["gateway"]["listen"][0]["tls"] = json!({"profile": "intermediate", "clients": "off"});
    plan["gateway"]["http2"] = streams.map_or(Value::Null, |streams| json!({"streams": streams}));
    let mut settings = Settings::new(plan);
    settings.config = json!({"tls": [{"certificates": [{"chain": CHAIN, "key": KEY}]}]});
    Gateway::with(settings)
}

fn config(protocols: &[&str]) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(AUTHORITY.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    Arc::new(config)
}

/// A connection by TLS that offers these protocols.
pub(crate) fn tls(to: SocketAddr, protocols: &[&str]) -> StreamOwned<ClientConnection, TcpStream> {
    let socket = TcpStream::connect(to).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    socket.set_nodelay(true).unwrap();
    let client = ClientConnection::new(config(protocols), NAME.try_into().unwrap()).unwrap();
    let mut stream = StreamOwned::new(client, socket);
    stream.conn.complete_io(&mut stream.sock).unwrap();
    stream
}

/// Does something on a runtime of its own.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(tokio::runtime::LocalOptions::default())
        .unwrap();
    runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(30), future)
            .await
            .expect("within thirty seconds")
    })
}

/// A client that keeps the rules; its connection is served in the background.
pub(crate) async fn connect(to: SocketAddr) -> SendRequest<Bytes> {
    let socket = tokio::net::TcpStream::connect(to).await.unwrap();
    socket.set_nodelay(true).unwrap();
    let connector = tokio_rustls::TlsConnector::from(config(&["h2", "http/1.1"]));
    let stream = connector.connect(NAME.try_into().unwrap(), socket).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::task::spawn_local(async move {
        let _ = connection.await;
    });
    client.ready().await.unwrap()
}

pub(crate) fn request(method: &str, target: &str) -> http::request::Builder {
    Request::builder().method(method).uri(format!("https://{NAME}{target}"))
}

/// Sends a request with a body, which is none where it is empty; status, head and body of its answer.
pub(crate) async fn ask(client: &mut SendRequest<Bytes>, request: http::request::Builder, body: &[u8]) -> Got {
    let request = request.body(()).unwrap();
    let (response, mut stream) = client.send_request(request, body.is_empty()).unwrap();
    if !body.is_empty() {
        stream.send_data(Bytes::copy_from_slice(body), true).unwrap();
    }
    got(response.await.unwrap()).await
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: http::HeaderMap,
    pub(crate) body: Result<Vec<u8>, h2::Error>,
}

impl Got {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.as_ref().unwrap().clone()).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

pub(crate) async fn got(response: Response<h2::RecvStream>) -> Got {
    let (head, mut stream) = response.into_parts();
    let mut body = Ok(Vec::new());
    while let Some(octets) = stream.data().await {
        match (octets, &mut body) {
            (Ok(octets), Ok(body)) => {
                let _ = stream.flow_control().release_capacity(octets.len());
                body.extend_from_slice(&octets);
            }
            (Ok(_), Err(_)) => {}
            (Err(error), _) => {
                body = Err(error);
                break;
            }
        }
    }
    Got {
        status: head.status.as_u16(),
        headers: head.headers,
        body,
    }
}

pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
pub(crate) const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;

/// One frame as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

impl Frame {
    /// The code of a RST_STREAM or GOAWAY.
    pub(crate) fn code(&self) -> u32 {
        let at = if self.kind == GOAWAY { 4 } else { 0 };
        u32::from_be_bytes(self.payload[at..at + 4].try_into().unwrap())
    }
}

/// A client that writes any frame.
pub(crate) struct Raw {
    stream: StreamOwned<ClientConnection, TcpStream>,
    buffer: Vec<u8>,
}

impl Raw {
    /// Connects, and says preface and settings.
    pub(crate) fn connect(to: SocketAddr) -> Self {
        let mut raw = Self {
            stream: tls(to, &["h2"]),
            buffer: Vec::new(),
        };
        raw.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
        assert!(raw.send(SETTINGS, 0, 0, b""));
        raw
    }

    /// False: the other side takes nothing more.
    pub(crate) fn write(&mut self, octets: &[u8]) -> bool {
        self.stream.write_all(octets).and_then(|()| self.stream.flush()).is_ok()
    }

    pub(crate) fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        self.write(&frame(kind, flags, stream, payload))
    }

    /// Sends a head without a body.
    pub(crate) fn head(&mut self, stream: u32, fields: &[(&[u8], &[u8])]) -> bool {
        self.send(HEADERS, END_STREAM | END_HEADERS, stream, &block(fields))
    }

    /// The next frame; none: the connection has ended.
    pub(crate) fn frame(&mut self) -> Option<Frame> {
        loop {
            if let Some(head) = self.buffer.get(..9) {
                let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
                if self.buffer.len() >= 9 + length {
                    let octets: Vec<u8> = self.buffer.drain(..9 + length).collect();
                    return Some(Frame {
                        kind: octets[3],
                        flags: octets[4],
                        stream: u32::from_be_bytes(octets[5..9].try_into().unwrap()),
                        payload: octets[9..].to_vec(),
                    });
                }
            }
            let mut octets = [0; 16_384];
            match self.stream.read(&mut octets) {
                Ok(0) => return None,
                Ok(read) => self.buffer.extend_from_slice(&octets[..read]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("nothing came within twenty seconds"),
                Err(_) => return None,
            }
        }
    }

    /// The next frame that ends a stream or the connection, or begins an answer; none: the connection has ended.
    pub(crate) fn end(&mut self) -> Option<Frame> {
        loop {
            let frame = self.frame()?;
            if matches!(frame.kind, HEADERS | RST_STREAM | GOAWAY) {
                return Some(frame);
            }
        }
    }

    /// The codes of GOAWAY that the other side says before it closes.
    pub(crate) fn goodbye(&mut self) -> Option<u32> {
        let mut code = None;
        while let Some(frame) = self.frame() {
            if frame.kind == GOAWAY {
                code = Some(frame.code());
            }
        }
        code
    }
}

pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut octets = vec![length[1], length[2], length[3], kind, flags];
    octets.extend_from_slice(&stream.to_be_bytes());
    octets.extend_from_slice(payload);
    octets
}

/// A header block that names every field whole (RFC 7541 section 6.2.2), whatever stands in it.
pub(crate) fn block(fields: &[(&[u8], &[u8])]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            number(text.len(), &mut block);
            block.extend_from_slice(text);
        }
    }
    block
}

/// An integer with a prefix of seven bits (RFC 7541 section 5.1).
fn number(mut value: usize, to: &mut Vec<u8>) {
    if value < 127 {
        to.push(u8::try_from(value).unwrap());
        return;
    }
    to.push(127);
    value -= 127;
    while value >= 128 {
        to.push(u8::try_from(value % 128).unwrap() | 128);
        value /= 128;
    }
    to.push(u8::try_from(value).unwrap());
}
