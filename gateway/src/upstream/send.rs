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
use crate::log::Seldom;
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
    /// This machine has no socket left: of an upstream that says nothing.
    Spent,
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
            Self::Full | Self::Spent => reason::UPSTREAM_CONNECTIONS_EXHAUSTED,
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

/// Opens a connection, within so many milliseconds for the name and all of its addresses together.
pub(crate) async fn connect(
    server: &Arc<Server>,
    deadline: &Deadline,
    patience: u64,
    servers: &Servers,
) -> Result<Conn, Failed> {
    let open = Open::begin(server);
    deadline.set(patience);
    let stream = match server.address {
        Some(address) => reach([address].into_iter(), deadline, TcpStream::connect).await?,
        None => {
            learn(server, deadline, servers).await?;
            match server.addresses.in_turn() {
                Some(addresses) => reach(addresses, deadline, TcpStream::connect).await?,
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

/// The first of these addresses that accepts; each has its share of the time that is left. Where nobody does, one that was
/// silent tells more than one that refused: who tries again waits.
async fn reach<S>(
    addresses: impl Iterator<Item = SocketAddr> + Clone,
    deadline: &Deadline,
    connect: impl AsyncFn(SocketAddr) -> io::Result<S>,
) -> Result<S, Failed> {
    let (end, mut left) = (deadline.end(), addresses.clone().count());
    let mut failed = Failed::Refused;
    for address in addresses {
        deadline.share(end, left);
        left -= 1;
        match deadline.within(connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) if is_ours(&error) => {
                SPENT.warning("cannot connect to an upstream", &[("error", &error)]);
                return Err(Failed::Spent);
            }
            Ok(Err(_)) => {}
            Err(Late) => failed = Failed::Silent,
        }
    }
    Err(failed)
}

static SPENT: Seldom = Seldom::new();

/// Neither has a kind of its own.
const EMFILE: i32 = 24;
const ENFILE: i32 = 23;

/// Whether this machine lacks what a connection needs, wherever it leads: descriptors, ports, memory.
fn is_ours(error: &io::Error) -> bool {
    let ours = [io::ErrorKind::AddrNotAvailable, io::ErrorKind::OutOfMemory];
    ours.contains(&error.kind()) || matches!(error.raw_os_error(), Some(EMFILE | ENFILE))
}

/// Has the addresses of a name. Nobody waits for what is only to be refreshed, and who is late leaves the question to the others.
async fn learn(server: &Arc<Server>, deadline: &Deadline, servers: &Servers) -> Result<(), Failed> {
    let now = servers.clock();
    if !server.addresses.is_known() {
        let (server, often) = (server.clone(), server.addresses.looked_up());
        let first = spawn_local(async move { server.addresses.first(often, resolve(&server), now).await });
        let _ = deadline.within(first).await.map_err(|Late| Failed::Silent)?;
    } else if server.addresses.are_due(now()) {
        let server = server.clone();
        spawn_local(async move {
            let found = resolve(&server).await;
            server.addresses.learn(&found, now());
        });
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::cell::RefCell;
    use std::rc::Rc;

    use tokio::runtime::{Builder, LocalOptions};
    use tokio::task::yield_now;

    use super::*;
    use crate::reactor::Ticker;

    /// Where these ports lead, and at how many ticks each was asked; a second of ten ticks passes.
    fn reached(ports: &[u16]) -> (Result<u16, Failed>, Vec<u64>) {
        let runtime = Builder::new_current_thread()
            .build_local(LocalOptions::default())
            .unwrap();
        let (ticker, asked) = (Rc::<Ticker>::default(), RefCell::<Vec<u64>>::default());
        let ticking = ticker.clone();
        runtime.spawn_local(async move {
            loop {
                ticking.tick();
                yield_now().await;
            }
        });
        let connect = async |address: SocketAddr| {
            asked.borrow_mut().push(ticker.now());
            match address.port() {
                REFUSING => Err(io::ErrorKind::ConnectionRefused.into()),
                SILENT => std::future::pending().await,
                port if port < 1000 => Err(io::Error::from_raw_os_error(port.into())),
                port => Ok(port),
            }
        };
        let addresses = ports.iter().map(|port| SocketAddr::from(([127, 0, 0, 1], *port)));
        let result = runtime.block_on(async {
            let deadline = ticker.deadline();
            deadline.set(900);
            reach(addresses, &deadline, connect).await
        });
        (result, asked.into_inner())
    }

    const REFUSING: u16 = 1000;
    const SILENT: u16 = 1001;
    const GOOD: u16 = 1002;
    const EADDRNOTAVAIL: i32 = 99;

    #[test]
    fn the_first_address_that_accepts_is_used() {
        for ports in [[GOOD, REFUSING], [REFUSING, GOOD], [SILENT, GOOD]] {
            assert_eq!(reached(&ports).0, Ok(GOOD), "{ports:?}");
        }
    }

    #[test]
    fn who_was_silent_once_is_silent() {
        assert_eq!(reached(&[REFUSING, REFUSING]).0, Err(Failed::Refused));
        for ports in [[SILENT, REFUSING], [REFUSING, SILENT], [SILENT, SILENT]] {
            assert_eq!(reached(&ports).0, Err(Failed::Silent), "{ports:?}");
        }
    }

    #[test]
    fn all_addresses_together_have_one_time_and_what_one_leaves_the_others_have() {
        let (failed, asked) = reached(&[SILENT, REFUSING, SILENT, GOOD]);
        let [first, second, third, last] = asked[..] else {
            return assert!(asked.is_empty());
        };
        assert_eq!(
            (failed, second, third),
            (Ok(GOOD), first + 3, second),
            "a fourth, rounded up"
        );
        assert_eq!(last, third + 4, "half of what is left");
    }

    #[test]
    fn what_this_machine_lacks_says_nothing_of_an_upstream() {
        for error in [EMFILE, ENFILE, EADDRNOTAVAIL] {
            let port = u16::try_from(error).unwrap();
            assert_eq!(reached(&[port, GOOD]).0, Err(Failed::Spent));
        }
        assert_eq!(Failed::Spent.reason(), reason::UPSTREAM_CONNECTIONS_EXHAUSTED);
    }
}
