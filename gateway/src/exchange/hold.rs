//! Holds a request's body within its limit, its deadline and the budget of all held bodies.

use yett_engine::{Body, Reason, reason};

use super::gather::{self, Gathered};
use super::{Client, Exchange, Flow};
use crate::h1;

impl<C: Client> Flow<'_, C> {
    /// Reads a body whole.
    pub(super) async fn hold(&mut self, exchange: &mut Exchange, limit: u64) -> Result<Body, Reason> {
        self.desk.deadline.set(exchange.ground.plan.gateway.timeouts.body);
        exchange.blamed = Some(reason::UPSTREAM_BODY_LATE);
        let announced = match exchange.announced {
            h1::Body::Length(length) => length,
            h1::Body::None | h1::Body::Chunked => 0,
        };
        // Who only announces takes no one else's room.
        let too_large = reason::VALIDATE_BODY_TOO_LARGE;
        let mut gathered = Gathered::new(exchange, announced, gather::FIRST, (limit, too_large))?;
        while let Some(octets) = self.client.octets(self.desk).await? {
            exchange.bytes_in += octets.len() as u64;
            gathered.add(exchange, octets)?;
        }
        exchange.blamed = Some(reason::ENGINE_FACT_UNAVAILABLE);
        Ok(gathered.whole())
    }
}
