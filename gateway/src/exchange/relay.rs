//! Passes on an answer whose body comes from the upstream as it comes: no faster than its client takes it.

use yett_engine::reason;

use super::send::Answering;
use super::{Client, Exchange, Flow, Outcome, Parts};
use crate::upstream::{Failed, Framing};

impl<C: Client> Flow<'_, C> {
    /// Writes a release whose body the upstream still sends.
    pub(super) async fn relay(
        &mut self,
        exchange: &mut Exchange,
        release: &Parts,
        answering: &mut Answering,
    ) -> Outcome {
        // Only what has a body streams: there is no framing `None` here.
        let length = match answering.head.framing {
            Framing::Length(length) => Some(length),
            Framing::None | Framing::Chunked | Framing::UntilClose => None,
        };
        self.client.begin(self.desk, exchange, release, length);
        match self.stream_body(exchange, answering).await {
            Ok(()) => Outcome::Answered,
            Err(None) => Outcome::Cut,
            Err(Some(failed)) => {
                answering.broke = true;
                let release = exchange.session.fault(failed.reason());
                if exchange.bytes_out > 0 {
                    return Outcome::Cut;
                }
                self.client.answer(self.desk, exchange, release.into_parts()).await
            }
        }
    }

    /// The error is the upstream's, or none: the client's.
    async fn stream_body(&mut self, exchange: &mut Exchange, answering: &mut Answering) -> Result<(), Option<Failed>> {
        let (mut receiver, reader) = answering.receiver();
        let plan = exchange.ground.plan.clone();
        let patience = exchange.patience;
        loop {
            self.desk.deadline.set(patience);
            exchange.blamed = Some(reason::UPSTREAM_ANSWER_LATE);
            let octets = receiver.octets(reader, &self.desk.deadline).await.map_err(Some)?;
            let last = octets.is_none();
            self.desk.deadline.set(plan.gateway.timeouts.body);
            exchange.blamed = None;
            let put = self.client.put(self.desk, exchange, octets).await;
            put.map_err(|_| None)?;
            if last {
                return Ok(());
            }
        }
    }
}
