//! Passes on an answer whose body comes from the upstream as it comes: no faster than its client takes it.

use bytes::Bytes;
use yett_engine::reason;

use super::send::Answering;
use super::{Client, Exchange, Flow, Outcome, Parts};
use crate::reactor::TICK;
use crate::upstream::{Failed, Framing};

/// Octets that a client takes within the time of a body: who takes less keeps from others what the upstream has for all.
const STRETCH: u64 = 65_536;

impl<C: Client> Flow<'_, C> {
    /// Writes a release whose body the upstream still sends; or what is answered instead, where nothing of it went out.
    pub(super) async fn relay(
        &mut self,
        exchange: &mut Exchange,
        release: &Parts,
        answering: &mut Answering,
    ) -> Result<Outcome, Parts> {
        // Only what has a body streams: there is no framing `None` here.
        let length = match answering.head.framing {
            Framing::Length(length) => Some(length),
            Framing::None | Framing::Chunked | Framing::UntilClose => None,
        };
        self.client.begin(self.desk, exchange, release, length);
        match self.stream_body(exchange, answering).await {
            Ok(()) => Ok(Outcome::Answered),
            Err(None) => Ok(Outcome::Cut),
            Err(Some(failed)) => {
                answering.broke = true;
                let release = exchange.session.fault(failed.reason());
                if exchange.bytes_out > 0 {
                    return Ok(Outcome::Cut);
                }
                Err(release.into_parts())
            }
        }
    }

    /// The error is the upstream's, or none: the client's.
    async fn stream_body(&mut self, exchange: &mut Exchange, answering: &mut Answering) -> Result<(), Option<Failed>> {
        let (mut receiver, reader) = answering.receiver();
        let patience = exchange.patience;
        let thread = self.desk.thread.clone();
        let mut pace = Pace::new(exchange.ground.plan.gateway.timeouts.body);
        loop {
            self.desk.deadline.set(patience);
            exchange.blamed = Some(reason::UPSTREAM_ANSWER_LATE);
            let octets = receiver.octets(reader, &self.desk.deadline).await.map_err(Some)?;
            let (last, length) = (octets.is_none(), octets.as_ref().map_or(0, Bytes::len));
            exchange.blamed = None;
            let began = thread.ticker.now();
            self.desk.deadline.set(pace.left);
            let put = self.client.put(self.desk, exchange, octets).await;
            put.map_err(|_| None)?;
            pace.took(length as u64, thread.ticker.now().saturating_sub(began));
            if last {
                return Ok(());
            }
        }
    }
}

/// How fast a client takes an answer: what it makes the upstream wait counts, and not what the upstream makes it wait.
struct Pace {
    time: u64,
    /// Milliseconds.
    left: u64,
    octets: u64,
}

impl Pace {
    /// `time`: the milliseconds for each `STRETCH`.
    fn new(time: u64) -> Self {
        Self {
            time,
            left: time,
            octets: 0,
        }
    }

    fn took(&mut self, octets: u64, ticks: u64) {
        let waited = ticks.saturating_mul(u64::try_from(TICK.as_millis()).unwrap_or(u64::MAX));
        self.left = self.left.saturating_sub(waited);
        self.octets += octets;
        if self.octets >= STRETCH {
            *self = Self::new(self.time);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_has_the_time_of_a_body() {
        let mut pace = Pace::new(1_000);
        for left in [900, 800, 700] {
            pace.took(1, 1);
            assert_eq!(pace.left, left, "an octet now and then buys no time");
        }
        pace.took(STRETCH - 4, 6);
        assert_eq!(pace.left, 100);
        pace.took(1, 0);
        assert_eq!((pace.left, pace.octets), (1_000, 0), "a whole stretch does");
        pace.took(0, 11);
        assert_eq!(pace.left, 0);
    }

    #[test]
    fn what_the_upstream_makes_a_client_wait_is_free() {
        let mut pace = Pace::new(1_000);
        for _ in 0..10_000 {
            pace.took(6, 0);
        }
        assert_eq!(pace.left, 1_000);
    }
}
