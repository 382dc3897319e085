//! One client connection: heads in, one request after the other, answers out, and how it ends. The engine decides, not this.

mod answer;
mod body;
mod exchange;
mod forward;
mod gather;
mod judge;
mod send;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use yett_engine::{Head, Reason, reason};

use crate::h1::{Event, Limits, RawHead, Reader, Version};
use crate::reactor::{Deadline, Late, Thread};
use crate::stream::Stream;
use exchange::UnderWay;

/// What a closing connection still reads, so that the client gets to read the answer.
const LINGER: (u64, usize) = (1_000, 1 << 20);

/// One client connection.
pub(crate) struct Connection {
    thread: Rc<Thread>,
    stream: Stream,
    peer: SocketAddr,
    reader: Reader,
    deadline: Deadline,
    /// Where heads are written; reused.
    out: BytesMut,
    /// Requests that were served.
    served: u64,
    /// The body of the request under way has been read to its end.
    body_ended: bool,
    /// A request is under way: whoever drops the connection now resets it, so that nobody takes what was sent for the whole.
    under_way: bool,
}

/// What comes next of a connection.
#[expect(
    clippy::large_enum_variant,
    reason = "a box would be one more allocation for each request"
)]
enum Next {
    Head(RawHead),
    /// It cannot be read any further.
    Refused(Reason),
    /// Nobody is there any more.
    Gone,
}

/// What becomes of a connection after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum After {
    Keep,
    /// Closed in order, so that the answer arrives.
    Close,
    /// Cut, so that nobody takes what was sent for the whole.
    Reset,
}

impl Connection {
    pub(crate) fn new(thread: Rc<Thread>, stream: Stream, peer: SocketAddr) -> Self {
        let ground = thread.process.state.ground();
        let head = ground.plan.gateway.head;
        let size = |limit: u32| usize::try_from(limit).unwrap_or(usize::MAX);
        let limits = Limits {
            head_bytes: size(head.bytes),
            headers: size(head.headers),
            target_bytes: size(head.target),
            ..Limits::default()
        };
        let deadline = thread.ticker.deadline();
        Self {
            thread,
            stream,
            peer,
            reader: Reader::new(limits),
            deadline,
            out: BytesMut::new(),
            served: 0,
            body_ended: false,
            under_way: false,
        }
    }

    /// Serves until the connection ends.
    pub(crate) async fn serve(mut self) {
        loop {
            let after = match self.next().await {
                Next::Head(raw) => self.request(raw).await,
                Next::Refused(reason) => self.refuse(reason).await,
                Next::Gone => return,
            };
            self.served += 1;
            match after {
                After::Keep => {}
                After::Close => return self.linger().await,
                After::Reset => return,
            }
        }
    }

    /// Answers that there is no room, and closes.
    pub(crate) async fn turn_away(mut self) {
        if self.refuse(reason::UPSTREAM_CONNECTIONS_EXHAUSTED).await == After::Close {
            self.linger().await;
        }
    }

    /// Waits for the next head: idle until its first octet, then until the head's deadline.
    async fn next(&mut self) -> Next {
        let timeouts = self.thread.process.state.ground().plan.gateway.timeouts;
        let mut began = false;
        if self.served == 0 {
            self.deadline.set_idle(timeouts.head);
        } else {
            self.deadline.set_idle(timeouts.idle);
        }
        loop {
            match self.reader.next() {
                Ok(Event::Head(raw)) => return Next::Head(raw),
                Ok(Event::Closed) => return Next::Gone,
                Ok(Event::Data(_) | Event::End) => continue,
                Ok(Event::NeedMore) => {}
                Err(refusal) => return Next::Refused(refusal.reason),
            }
            if self.reader.buffered() > 0 && !began {
                began = true;
                self.deadline.set(timeouts.head);
            }
            match self
                .deadline
                .within(self.stream.read_buf(self.reader.buffer_mut()))
                .await
            {
                Ok(Ok(0)) => self.reader.eof(),
                Ok(Ok(_)) => {}
                Err(Late) if began => return Next::Refused(reason::UPSTREAM_HEAD_LATE),
                Ok(Err(_)) | Err(Late) => return Next::Gone,
            }
        }
    }

    /// Serves one request.
    async fn request(&mut self, raw: RawHead) -> After {
        self.under_way = true;
        let mut under_way = UnderWay::default();
        let exchange = under_way.begin(&self.thread, self.peer.ip());
        exchange.bytes_in = raw.bytes().len() as u64;
        exchange.is_head = raw.method() == b"HEAD";
        exchange.is_old = raw.version() == Version::Http10;
        self.body_ended = false;
        let head = head(&raw, self.peer, self.stream.is_secure());
        let after = match self.judge(exchange, &head, &raw).await {
            Ok(permit) => self.forward(exchange, permit, &raw).await,
            Err(release) => {
                let keep = self.may_keep(&raw);
                self.answer(exchange, release.into_parts(), keep).await
            }
        };
        under_way.end();
        self.under_way = after == After::Reset;
        after
    }

    /// Answers what is no request, and closes.
    async fn refuse(&mut self, reason: Reason) -> After {
        self.under_way = true;
        let mut under_way = UnderWay::default();
        let exchange = under_way.begin(&self.thread, self.peer.ip());
        exchange.bytes_in = self.reader.buffered() as u64;
        let release = exchange.session.fault(reason);
        let after = self.answer(exchange, release.into_parts(), false).await;
        under_way.end();
        self.under_way = after == After::Reset;
        after
    }

    /// Whether another request may follow: both sides want it, and nothing of this one is left to read but what is here.
    fn may_keep(&mut self, raw: &RawHead) -> bool {
        raw.keep_alive() && !self.thread.ticker.is_draining() && (self.body_ended || self.discard_what_is_here())
    }

    fn discard_what_is_here(&mut self) -> bool {
        loop {
            match self.reader.next() {
                Ok(Event::Data(_)) => {}
                Ok(Event::End) => {
                    self.body_ended = true;
                    return true;
                }
                Ok(Event::Head(_) | Event::NeedMore | Event::Closed) | Err(_) => return false,
            }
        }
    }

    /// Closes in order (RFC 9112 section 9.6): no more is written, and what comes is read for a while and thrown away.
    async fn linger(mut self) {
        let (milliseconds, mut octets) = LINGER;
        self.deadline.set(milliseconds);
        let mut nowhere = [0; 4096];
        if self.stream.shutdown().await.is_err() {
            return;
        }
        while let Ok(Ok(read)) = self.deadline.within(self.stream.read(&mut nowhere)).await
            && read > 0
            && octets > 0
        {
            octets = octets.saturating_sub(read);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.under_way {
            let _ = socket2::SockRef::from(self.stream.socket()).set_linger(Some(Duration::ZERO));
        }
    }
}

/// The same head for the engine: ranges of the same buffer.
fn head(raw: &RawHead, peer: SocketAddr, secure: bool) -> Head {
    let narrow = |range: std::ops::Range<usize>| {
        let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
        place(range.start)..place(range.end)
    };
    let (method, target) = raw.request_ranges();
    let mut head = Head::new(raw.bytes().clone(), narrow(method), narrow(target), peer.ip(), secure);
    for (name, value) in raw.header_ranges() {
        head.push(narrow(name), narrow(value));
    }
    head
}
