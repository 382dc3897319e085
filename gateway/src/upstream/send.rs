//! Sends a permitted request over one connection and reads the head of its answer.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::spawn_local;
use yett_engine::{Forward, Reason, reason};

use super::answer::{self, AnswerHead, Malformed};
use super::body::{BodyReader, Part};
use super::{Conn, Open, Server, Servers, Target};
use crate::reactor::{Deadline, Late};

/// Informational answers that are skipped before the real one.
const MOST_INTERIM: usize = 16;

/// How the body of a request goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// There is none.
    None,
    /// So many octets.
    Length(u64),
    /// Chunks.
    Chunked,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// Closed or reset before any octet of an answer.
    Unanswered,
    /// Nobody accepts.
    Refused,
    /// Nobody even refuses.
    Silent,
    /// As many requests are under way as may be.
    Full,
    /// Not in time.
    Late,
    /// Closed or reset before the answer was whole.
    Cut,
    /// Not HTTP/1 that has one meaning.
    Malformed,
}

impl Failed {
    /// What evidence and client get to know.
    pub(crate) fn reason(self) -> Reason {
        match self {
            Self::Refused | Self::Silent => reason::UPSTREAM_CONNECTION_REFUSED,
            Self::Full => reason::UPSTREAM_CONNECTIONS_EXHAUSTED,
            Self::Late => reason::UPSTREAM_ANSWER_LATE,
            Self::Unanswered | Self::Cut | Self::Malformed => reason::UPSTREAM_ANSWER_MALFORMED,
        }
    }
}

impl From<Late> for Failed {
    fn from(_: Late) -> Self {
        Self::Late
    }
}

impl From<Malformed> for Failed {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl From<io::Error> for Failed {
    fn from(_: io::Error) -> Self {
        Self::Cut
    }
}

/// Opens a connection, within so many milliseconds for all addresses together; a name of which nothing is known is resolved before.
pub(crate) async fn connect(
    server: &Arc<Server>,
    deadline: &Deadline,
    patience: u64,
    servers: &Servers,
) -> Result<Conn, Failed> {
    let open = Open::begin(server);
    let stream = match server.address {
        Some(address) => reach([address].into_iter(), deadline, patience).await?,
        None => {
            deadline.set(patience);
            learn(server, deadline, servers).await?;
            match server.addresses.in_turn() {
                Some(addresses) => reach(addresses, deadline, patience).await?,
                None => return Err(Failed::Refused),
            }
        }
    };
    stream.set_nodelay(true).map_err(|_| Failed::Refused)?;
    Ok(Conn {
        stream,
        buffer: BytesMut::new(),
        reused: false,
        unanswered: false,
        _open: open,
    })
}

/// The first of these addresses that accepts; each has its share of the time.
async fn reach(
    addresses: impl Iterator<Item = SocketAddr> + Clone,
    deadline: &Deadline,
    patience: u64,
) -> Result<TcpStream, Failed> {
    let share = patience / (addresses.clone().count() as u64).max(1);
    let mut failed = Failed::Silent;
    for address in addresses {
        deadline.set(share);
        match deadline.within(TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(_)) => failed = Failed::Refused,
            Err(Late) => {}
        }
    }
    Err(failed)
}

/// Has the addresses of a name. Nobody waits for what is only to be refreshed.
async fn learn(server: &Arc<Server>, deadline: &Deadline, servers: &Servers) -> Result<(), Failed> {
    if !server.addresses.is_known() {
        let found = deadline.within(resolve(server)).await.map_err(|Late| Failed::Silent)?;
        server.addresses.learn(&found, servers.now());
    } else if server.addresses.are_due(servers.now()) {
        let (server, now) = (server.clone(), servers.now());
        spawn_local(async move { server.addresses.learn(&resolve(&server).await, now) });
    }
    Ok(())
}

/// Every address of a name once, as the system resolves it; none where it cannot.
pub(super) async fn resolve(server: &Server) -> Vec<SocketAddr> {
    match lookup_host((&*server.host, server.port)).await {
        Ok(found) => found.collect(),
        Err(_) => Vec::new(),
    }
}

/// Writes the head of a request.
pub(crate) fn write_head(forward: &Forward, target: &Target, body: Outgoing, to: &mut BytesMut) {
    let fields: usize = forward
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum();
    to.reserve(fields + forward.target.len() + target.prefix.len() + 64);
    for part in [forward.method, " ", &target.prefix, &forward.target, " HTTP/1.1\r\n"] {
        to.extend_from_slice(part.as_bytes());
    }
    for (name, value) in &forward.headers {
        for part in [&**name, b": ", &**value, b"\r\n"] {
            to.extend_from_slice(part);
        }
    }
    match body {
        Outgoing::None if matches!(forward.method, "POST" | "PUT" | "PATCH") => {
            to.extend_from_slice(b"content-length: 0\r\n");
        }
        Outgoing::None => {}
        Outgoing::Length(length) => {
            to.extend_from_slice(b"content-length: ");
            to.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
            to.extend_from_slice(b"\r\n");
        }
        Outgoing::Chunked => to.extend_from_slice(b"transfer-encoding: chunked\r\n"),
    }
    to.extend_from_slice(b"\r\n");
}

/// Reads an answer from one half of a connection.
pub(crate) struct Receiver<'c, R> {
    pub(crate) stream: R,
    pub(crate) buffer: &'c mut BytesMut,
}

impl<R: AsyncRead + Unpin> Receiver<'_, R> {
    /// The head of the answer; the deadline is set by the caller.
    pub(crate) async fn head(&mut self, to_head: bool, deadline: &Deadline) -> Result<AnswerHead, Failed> {
        let mut began = false;
        for _ in 0..MOST_INTERIM {
            let head = loop {
                if !self.buffer.is_empty()
                    && let Some(head) = answer::read(self.buffer, to_head)?
                {
                    break head;
                }
                let nothing = self.buffer.is_empty() && !began;
                match self.read(deadline).await {
                    Ok(0) | Err(Failed::Cut) if nothing => return Err(Failed::Unanswered),
                    Ok(0) => return Err(Failed::Cut),
                    Ok(_) => {}
                    Err(failed) => return Err(failed),
                }
            };
            match head.status {
                100 | 102..=199 => began = true,
                200..=599 => return Ok(head),
                _ => return Err(Failed::Malformed),
            }
        }
        Err(Failed::Malformed)
    }

    /// The next octets of the body; none: it is whole.
    pub(crate) async fn octets(&mut self, body: &mut BodyReader, deadline: &Deadline) -> Result<Option<Bytes>, Failed> {
        loop {
            match body.next(self.buffer)? {
                Part::Octets(octets) => return Ok(Some(octets)),
                Part::End => return Ok(None),
                Part::NeedMore => {
                    if self.read(deadline).await? == 0 {
                        body.eof().map_err(|_| Failed::Cut)?;
                    }
                }
            }
        }
    }

    async fn read(&mut self, deadline: &Deadline) -> Result<usize, Failed> {
        if self.buffer.capacity() - self.buffer.len() < 2048 {
            self.buffer.reserve(16_384);
        }
        Ok(deadline.within(self.stream.read_buf(self.buffer)).await??)
    }
}
