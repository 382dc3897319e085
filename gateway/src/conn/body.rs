//! Holds a request's body within its limit, its deadline and the budget of all held bodies.

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use yett_engine::{Body, Reason, reason};

use super::Connection;
use super::exchange::Exchange;
use super::gather::{self, Gathered};
use crate::h1::{self, Event, RawHead};
use crate::reactor::Late;

impl Connection {
    /// Reads a body whole.
    pub(super) async fn hold(&mut self, exchange: &mut Exchange, limit: u64, raw: &RawHead) -> Result<Body, Reason> {
        self.deadline.set(exchange.ground.plan.gateway.timeouts.body);
        exchange.blamed = Some(reason::UPSTREAM_BODY_LATE);
        self.invite(raw).await?;
        let announced = match raw.body() {
            h1::Body::Length(length) => length,
            h1::Body::None | h1::Body::Chunked => 0,
        };
        // Who only announces takes no one else's room.
        let too_large = reason::VALIDATE_BODY_TOO_LARGE;
        let mut gathered = Gathered::new(exchange, announced, gather::FIRST, (limit, too_large))?;
        while let Some(octets) = self.octets().await? {
            exchange.bytes_in += octets.len() as u64;
            gathered.add(exchange, octets)?;
        }
        exchange.blamed = Some(reason::ENGINE_FACT_UNAVAILABLE);
        Ok(gathered.whole())
    }

    /// Says `100 Continue` to a client that waits for it; only who may send a body comes here.
    pub(super) async fn invite(&mut self, raw: &RawHead) -> Result<(), Reason> {
        if raw.expects_continue() && self.reader.buffered() == 0 {
            let written = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
            return match self.deadline.within(written).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(_)) => Err(reason::ADMIT_BODY_CUT),
                Err(Late) => Err(reason::UPSTREAM_BODY_LATE),
            };
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
