//! One exchange: a request judged, forwarded and answered, whatever protocol its client speaks. No client's socket is in reach.
//!
//! A protocol is an implementation of `Client`: how octets of a body come in, and how an answer goes out. It reads its own heads
//! and begins an exchange with each; what is judged, and in which order, it cannot change.

mod forward;
mod gather;
mod hold;
mod judge;
mod record;
mod relay;
mod rest;
mod send;

use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use yett_engine::{Body, Head, Reason};

use crate::reactor::{Deadline, Thread};
pub(crate) use record::{Exchange, UnderWay};

/// Octets of a body that are copied behind their head.
const SMALL: usize = 4_096;

/// A release, taken apart: status, headers, body.
pub(crate) type Parts = (u16, Vec<(Bytes, Bytes)>, Body);

/// What an exchange works with; one after the other uses it, so that a request makes none of it.
pub(crate) struct Desk {
    pub(crate) thread: Rc<Thread>,
    pub(crate) deadline: Deadline,
    /// Where heads are written.
    pub(crate) out: BytesMut,
}

/// What has become of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It was written to its end.
    Answered,
    /// It must be cut, so that nobody takes what was sent for the whole.
    Cut,
}

/// The client takes no more, or not in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gone;

/// What an exchange needs of the client whose request it is.
pub(crate) trait Client {
    /// The next octets of the body, which a client that waits for it is invited to send; none: it is whole.
    ///
    /// # Errors
    /// The body is cut, late, or none that has one meaning.
    async fn octets(&mut self, desk: &Desk) -> Result<Option<Bytes>, Reason>;

    /// Answers with a release that is whole.
    async fn answer(&mut self, desk: &mut Desk, exchange: &mut Exchange, release: Parts) -> Outcome;

    /// Begins an answer whose body comes by `put`; nothing is sent before. `length`: its octets, where they were announced.
    fn begin(&mut self, desk: &mut Desk, exchange: &mut Exchange, release: &Parts, length: Option<u64>);

    /// Writes the next octets of the body within the deadline; none: it is whole.
    ///
    /// # Errors
    /// The client is gone.
    async fn put(&mut self, desk: &mut Desk, exchange: &mut Exchange, octets: Option<Bytes>) -> Result<(), Gone>;
}

/// An exchange at work.
struct Flow<'f, C> {
    desk: &'f mut Desk,
    client: &'f mut C,
}

/// Serves one request to the end of its answer.
pub(crate) async fn serve<C: Client>(desk: &mut Desk, client: &mut C, exchange: &mut Exchange, head: &Head) -> Outcome {
    let mut flow = Flow { desk, client };
    match flow.judge(exchange, head).await {
        Ok(permit) => flow.forward(exchange, permit).await,
        Err(release) => flow.client.answer(flow.desk, exchange, release.into_parts()).await,
    }
}

impl Desk {
    pub(crate) fn new(thread: &Rc<Thread>) -> Self {
        Self {
            thread: thread.clone(),
            deadline: thread.ticker.deadline(),
            out: BytesMut::new(),
        }
    }

    /// Puts a small body behind its head, for to copy it costs less than to write two buffers; what is left to write besides.
    pub(crate) fn join<'b>(&mut self, body: &'b [u8]) -> &'b [u8] {
        if body.len() > SMALL {
            return body;
        }
        self.out.extend_from_slice(body);
        &[]
    }
}

/// What of a whole body goes out behind its head, and the length that the head says; none: it says none.
pub(crate) fn sent(status: u16, body: Body, is_head: bool) -> (Option<u64>, Bytes) {
    let body = match body {
        Body::Held(octets) => octets,
        Body::None | Body::Streamed => Bytes::new(),
    };
    if matches!(status, 100..=199 | 204 | 304) {
        return (None, Bytes::new());
    }
    if is_head {
        // What GET would bring is not known here (RFC 9110 section 8.6): no length is better than a wrong one.
        let length = (!body.is_empty()).then_some(body.len() as u64);
        return (length, Bytes::new());
    }
    (Some(body.len() as u64), body)
}
