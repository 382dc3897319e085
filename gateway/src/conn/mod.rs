//! One client connection of HTTP/1: heads in, one request after the other, answers out, and how it ends. `exchange` serves each.

mod answer;
mod body;
mod close;

use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use yett_engine::{Head, Reason, reason};

use crate::exchange::{self, Client as _, Desk, Outcome, UnderWay};
use crate::h1::{Event, Limits, RawHead, Reader, Version};
use crate::reactor::{Late, Thread};
use crate::stream::Stream;
use crate::tls::Trust;
use answer::Framed;
use close::close;

/// One client connection.
pub(crate) struct Connection {
    desk: Desk,
    wire: Wire,
    peer: SocketAddr,
    /// Requests that were served.
    served: u64,
    /// What was sent is not the whole, or not taken: whoever drops the connection now resets it.
    under_way: bool,
}

/// What one exchange after the other reads from and writes to.
struct Wire {
    stream: Stream,
    reader: Reader,
    /// The client speaks HTTP/1.0.
    is_old: bool,
    /// The client lets the connection serve another request.
    keep_alive: bool,
    /// The client waits to be invited before it sends the body.
    expects_continue: bool,
    /// The body of the request under way has been read to its end.
    body_ended: bool,
    /// How the body of the answer under way is framed.
    framed: Framed,
    /// The answer said that another request may follow.
    keep: bool,
    /// By what the client's certificate was believed, where it showed one.
    trust: Option<Trust>,
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
        Self {
            desk: Desk::new(&thread),
            wire: Wire {
                stream,
                reader: Reader::new(limits),
                is_old: false,
                keep_alive: false,
                expects_continue: false,
                body_ended: false,
                framed: Framed::Never,
                keep: false,
                trust: None,
            },
            peer,
            served: 0,
            under_way: false,
        }
    }

    /// The same for a client whose certificate was believed: once it might not be any more, the next answer is the last.
    pub(crate) fn trusting(mut self, trust: Option<Trust>) -> Self {
        self.wire.trust = trust;
        self
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
        let timeouts = self.desk.thread.process.state.ground().plan.gateway.timeouts;
        let mut began = false;
        if self.served == 0 {
            self.desk.deadline.set_fresh(timeouts.head);
        } else {
            self.desk.deadline.set_idle(timeouts.idle);
        }
        loop {
            match self.wire.reader.next() {
                Ok(Event::Head(raw)) => return Next::Head(raw),
                Ok(Event::Closed) => return Next::Gone,
                Ok(Event::Data(_) | Event::End) => continue,
                Ok(Event::NeedMore) => {}
                Err(refusal) => return Next::Refused(refusal.reason),
            }
            if self.wire.reader.buffered() > 0 && !began {
                began = true;
                self.desk.deadline.set(timeouts.head);
            }
            match self
                .desk
                .deadline
                .within(self.wire.stream.read_buf(self.wire.reader.buffer_mut()))
                .await
            {
                Ok(Ok(0)) => self.wire.reader.eof(),
                Ok(Ok(_)) => {}
                Err(Late) if began => return Next::Refused(reason::UPSTREAM_HEAD_LATE),
                Ok(Err(_)) if began => return Next::Refused(reason::ADMIT_HEAD_CUT),
                Ok(Err(_)) | Err(Late) => return Next::Gone,
            }
        }
    }

    /// Serves one request.
    async fn request(&mut self, raw: RawHead) -> After {
        self.under_way = true;
        let mut under_way = UnderWay::default();
        let exchange = under_way.begin(&self.desk.thread, self.peer.ip());
        exchange.bytes_in = raw.bytes().len() as u64;
        exchange.is_head = raw.method() == b"HEAD";
        exchange.announced = raw.body();
        self.wire.begin_request(&raw);
        let head = head(&raw, self.peer, self.wire.stream.is_secure());
        let outcome = exchange::serve(&mut self.desk, &mut self.wire, exchange, &head).await;
        self.end(under_way, outcome)
    }

    /// Answers what is no request, and closes.
    async fn refuse(&mut self, reason: Reason) -> After {
        self.under_way = true;
        let mut under_way = UnderWay::default();
        let exchange = under_way.begin(&self.desk.thread, self.peer.ip());
        exchange.bytes_in = self.wire.reader.buffered() as u64;
        self.wire.keep_alive = false;
        let release = exchange.session.fault(reason).into_parts();
        let outcome = self.wire.answer(&mut self.desk, exchange, release).await;
        self.end(under_way, outcome)
    }

    fn end(&mut self, under_way: UnderWay, outcome: Outcome) -> After {
        under_way.end();
        self.under_way = outcome == Outcome::Cut;
        match outcome {
            Outcome::Answered if self.wire.keep => After::Keep,
            Outcome::Answered => After::Close,
            Outcome::Cut => After::Reset,
        }
    }

    /// Closes in order, or where that takes too long, with a reset.
    async fn linger(mut self) {
        self.under_way = close(&mut self.wire.stream, &self.desk.deadline).await.is_err();
    }
}

impl Wire {
    fn begin_request(&mut self, raw: &RawHead) {
        self.is_old = raw.version() == Version::Http10;
        self.keep_alive = raw.keep_alive();
        self.expects_continue = raw.expects_continue();
        self.body_ended = false;
    }

    /// Whether another request may follow: both sides want it, and nothing of this one is left to read but what is here.
    fn may_keep(&mut self, desk: &Desk) -> bool {
        let Thread { ticker, process, .. } = &*desk.thread;
        let trusted = self.trust.is_none_or(|trust| process.tls.holds(trust));
        self.keep_alive && trusted && !ticker.is_draining() && (self.body_ended || self.discard_what_is_here())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.under_way {
            let _ = socket2::SockRef::from(self.wire.stream.socket()).set_linger(Some(Duration::ZERO));
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
