//! Holds a request's body within its limit, its deadline and the budget of all held bodies.

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use yett_engine::{Body, Reason, reason};

use super::Connection;
use super::exchange::Exchange;
use crate::h1::{self, Event, RawHead};
use crate::reactor::Late;

/// What is set aside for a body at first, whatever length is announced: who only announces takes no one else's room.
const FIRST: u64 = 8_192;

impl Connection {
    /// Reads a body whole.
    pub(super) async fn hold(&mut self, exchange: &mut Exchange, limit: u64, raw: &RawHead) -> Result<Body, Reason> {
        self.deadline.set(exchange.ground.plan.gateway.timeouts.body);
        self.invite(raw).await?;
        let announced = match raw.body() {
            h1::Body::Length(length) => length,
            h1::Body::None | h1::Body::Chunked => 0,
        };
        let mut set_aside = announced.min(FIRST);
        exchange.hold(set_aside)?;
        let mut first = Bytes::new();
        let mut rest = BytesMut::new();
        loop {
            let Some(octets) = self.octets().await? else { break };
            exchange.bytes_in += octets.len() as u64;
            let length = (first.len() + rest.len() + octets.len()) as u64;
            if length > limit {
                return Err(reason::VALIDATE_BODY_TOO_LARGE);
            }
            if length > set_aside {
                let ahead = match announced {
                    0 => set_aside.max(FIRST),
                    _ => set_aside.min(announced.saturating_sub(set_aside)),
                };
                let more = (length - set_aside).max(ahead);
                exchange.hold(more)?;
                set_aside += more;
            }
            if first.is_empty() && rest.is_empty() {
                first = octets;
                continue;
            }
            if rest.is_empty() {
                rest.reserve(first.len() + octets.len());
                rest.extend_from_slice(&std::mem::take(&mut first));
            }
            rest.extend_from_slice(&octets);
        }
        let whole = if rest.is_empty() { first } else { rest.freeze() };
        Ok(if whole.is_empty() {
            Body::None
        } else {
            Body::Held(whole)
        })
    }

    /// Says `100 Continue` to a client that waits for it; only who may send a body comes here.
    pub(super) async fn invite(&mut self, raw: &RawHead) -> Result<(), Reason> {
        if raw.expects_continue() && self.reader.buffered() == 0 {
            let written = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            if !matches!(self.deadline.within(written).await, Ok(Ok(()))) {
                return Err(reason::UPSTREAM_BODY_LATE);
            }
        }
        Ok(())
    }

    /// The next octets of the body; none: it is whole.
    pub(super) async fn octets(&mut self) -> Result<Option<Bytes>, Reason> {
        loop {
            match self.reader.next() {
                Ok(Event::Data(octets)) => return Ok(Some(octets)),
                Ok(Event::End) => {
                    self.body_ended = true;
                    return Ok(None);
                }
                Ok(Event::NeedMore) => {}
                Ok(Event::Head(_) | Event::Closed) => return Err(reason::ADMIT_BODY_CUT),
                Err(refusal) => return Err(refusal.reason),
            }
            match self
                .deadline
                .within(self.stream.read_buf(self.reader.buffer_mut()))
                .await
            {
                Ok(Ok(0)) => self.reader.eof(),
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return Err(reason::ADMIT_BODY_CUT),
                Err(Late) => return Err(reason::UPSTREAM_BODY_LATE),
            }
        }
    }
}
