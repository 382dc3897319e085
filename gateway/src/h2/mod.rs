//! One client connection of HTTP/2: streams in, an exchange for each, and how it ends. The crate `h2` reads frames and HPACK.
//!
//! What that crate refuses by itself ends the stream or the connection and reaches no exchange; what it hands over is written
//! anew by `head`, so that admit judges it as it judges a head of HTTP/1.

mod answer;
mod head;
mod meter;
mod stream;
mod wire;

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};

use ::h2::server::{Builder, SendResponse};
use ::h2::{Reason, RecvStream, server};
use bytes::Bytes;
use http::Request;
use tokio::task::spawn_local;
use yett_engine::plan::{Http2, Timeouts};

use crate::exchange::Desk;
use crate::reactor::{Deadline, Late, Thread};
use crate::stream::Stream;
use crate::tls::Trust;
use meter::Meter;
use wire::Wire;

pub use head::read as read_head;

/// Octets that a client may send ahead: of one body, and of all bodies of its connection together.
const WINDOWS: (u32, u32) = (65_535, 262_144);
const LARGEST_FRAME: u32 = 16_384;
/// Octets of one answer that may wait for the socket.
const SEND_BUFFER: usize = 32_768;
/// By section 6.5.2 of RFC 9113 a field counts for so many octets more than its name and value.
const FIELD_OVERHEAD: u32 = 32;
/// Streams that a client resets before they are looked at, and that it has us reset, until its connection ends.
const MOST_RESETS: (usize, usize) = (20, 100);
/// How long a connection that said GOAWAY is kept for what is still to be sent, in milliseconds.
const LINGER: u64 = 1_000;
/// A tick of the thread's clock in milliseconds.
const TICK: u64 = 100;

type Incoming = Option<Result<(Request<RecvStream>, SendResponse<Bytes>), ::h2::Error>>;

/// What the streams of one connection share.
struct Shared {
    thread: Rc<Thread>,
    peer: SocketAddr,
    meter: Rc<Meter>,
    /// Streams under way.
    active: Cell<u32>,
    /// The tick at which the last of them ended.
    quiet_since: Cell<u64>,
    /// Desks that no stream uses now.
    desks: RefCell<Vec<Desk>>,
}

/// One client connection.
struct Connection {
    frames: server::Connection<Wire, Bytes>,
    shared: Rc<Shared>,
    timeouts: Timeouts,
    served: bool,
    /// GOAWAY was said.
    closing: bool,
    /// By what the client's certificate was believed, where it showed one.
    trust: Option<Trust>,
}

/// Serves until the connection ends.
pub(crate) async fn serve(
    thread: Rc<Thread>,
    stream: Stream,
    (peer, trust): (SocketAddr, Option<Trust>),
    settings: Http2,
) {
    let (timeouts, limits) = {
        let gateway = &thread.process.state.ground().plan.gateway;
        (gateway.timeouts, gateway.head)
    };
    let deadline = thread.ticker.deadline();
    let meter = Rc::new(Meter::new(thread.clone()));
    let list = limits
        .bytes
        .saturating_add(FIELD_OVERHEAD.saturating_mul(limits.headers));
    deadline.set_idle(timeouts.head);
    let shaken = builder(settings, list).handshake(Wire::new(stream, meter.clone()));
    let Ok(Ok(frames)) = deadline.within(shaken).await else {
        return;
    };
    let shared = Rc::new(Shared {
        active: Cell::new(0),
        quiet_since: Cell::new(thread.ticker.now()),
        desks: RefCell::default(),
        thread,
        peer,
        meter,
    });
    let connection = Connection {
        frames,
        shared,
        timeouts,
        served: false,
        closing: false,
        trust,
    };
    connection.run(&deadline).await;
}

fn builder(settings: Http2, list: u32) -> Builder {
    let (of_stream, of_connection) = WINDOWS;
    let (unseen, ours) = MOST_RESETS;
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(settings.streams)
        .max_header_list_size(list)
        .max_frame_size(LARGEST_FRAME)
        .initial_window_size(of_stream)
        .initial_connection_window_size(of_connection)
        .max_send_buffer_size(SEND_BUFFER)
        .max_pending_accept_reset_streams(unseen)
        .max_local_error_reset_streams(Some(ours));
    builder
}

impl Connection {
    async fn run(mut self, deadline: &Deadline) {
        loop {
            self.arm(deadline);
            let incoming = std::future::poll_fn(|context| self.poll(context));
            match deadline.within(incoming).await {
                Ok(Some(Ok((request, respond)))) => {
                    self.served = true;
                    let place = Place::of(&self.shared);
                    spawn_local(stream::serve(place, request, respond));
                    self.judge_trust();
                }
                Ok(Some(Err(_)) | None) => return,
                Err(Late) if self.is_over() => return,
                Err(Late) => {}
            }
        }
    }

    /// Who was believed by other authorities or lists than there are now shows its certificate again, on another connection.
    fn judge_trust(&mut self) {
        let tls = &self.shared.thread.process.tls;
        if !self.closing && self.trust.is_some_and(|trust| !tls.holds(trust)) {
            self.closing = true;
            self.frames.graceful_shutdown();
        }
    }

    /// The next stream. Who floods is told to calm down, and read no further.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Incoming> {
        let polled = self.frames.poll_accept(context);
        if polled.is_pending() && self.shared.meter.is_flooded() && !self.closing {
            self.closing = true;
            self.frames.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
            return self.frames.poll_accept(context);
        }
        polled
    }

    /// Wakes the connection when something of it may be over. Until it has said GOAWAY, a drain does so at once.
    fn arm(&self, deadline: &Deadline) {
        if self.closing {
            deadline.set(LINGER);
        } else {
            deadline.set_idle(self.patience().min(self.timeouts.body));
        }
    }

    /// How long nothing may be under way.
    fn patience(&self) -> u64 {
        if self.served {
            self.timeouts.idle
        } else {
            self.timeouts.head
        }
    }

    /// Whether the connection has ended, now that its deadline has passed. One that is only idle says GOAWAY first.
    fn is_over(&mut self) -> bool {
        let shared = &self.shared;
        let now = shared.thread.ticker.now();
        let quiet = match shared.active.get() {
            0 => now.saturating_sub(shared.quiet_since.get()) * TICK,
            _ => 0,
        };
        let stalled = shared.meter.stalled(now) * TICK;
        if stalled >= self.timeouts.body {
            return true;
        }
        if self.closing {
            let patience = if self.frames.has_streams() {
                self.timeouts.body
            } else {
                LINGER
            };
            return quiet >= patience;
        }
        if shared.thread.ticker.is_draining() || quiet >= self.patience() {
            self.closing = true;
            self.frames.graceful_shutdown();
        }
        false
    }
}

/// A stream's place among those under way, with a desk to work at.
struct Place {
    shared: Rc<Shared>,
    desk: Option<Desk>,
}

impl Place {
    fn of(shared: &Rc<Shared>) -> Self {
        shared.active.set(shared.active.get() + 1);
        let spare = shared.desks.borrow_mut().pop();
        Self {
            desk: Some(spare.unwrap_or_else(|| Desk::new(&shared.thread))),
            shared: shared.clone(),
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let shared = &self.shared;
        shared.active.set(shared.active.get().saturating_sub(1));
        shared.quiet_since.set(shared.thread.ticker.now());
        shared.desks.borrow_mut().extend(self.desk.take());
    }
}
