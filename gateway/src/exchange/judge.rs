//! Asks the engine about one request: again and again while facts are missing, and never past a panic.

use yett_engine::{Body, BodyNeed, Head, Opened, Permit, Release, Stop, reason};

use super::{Client, Exchange, Flow};
use crate::decision::MOST_ROUNDS;
pub(super) use crate::decision::guarded;
use crate::h1;

impl<C: Client> Flow<'_, C> {
    /// Judges a request up to its permit; or what it is answered instead.
    pub(super) async fn judge(&mut self, exchange: &mut Exchange, head: &Head) -> Result<Permit, Release> {
        let mut body = None;
        for _ in 0..MOST_ROUNDS {
            let ground = exchange.ground.clone();
            let process = self.desk.thread.process.clone();
            let mut facts = process.state.facts(&ground);
            let opened = match guarded(|| exchange.session.head(head, &mut facts)) {
                Some(opened) => opened,
                None => return Err(exchange.session.fault(reason::ENGINE_DECISION_FAULTED)),
            };
            let missing = match opened {
                Ok(Opened::Preflight(preflight)) => return Err(exchange.session.answer(&preflight)),
                Ok(Opened::Caller(caller)) => {
                    process.state.keep(facts.basis(), exchange.session.trace());
                    let body = match &body {
                        Some(body) => Body::clone(body),
                        None => body
                            .insert(self.body(exchange, caller.body_need(&ground.plan)).await?)
                            .clone(),
                    };
                    match guarded(|| exchange.session.body(caller, body, &mut facts)) {
                        Some(Ok(permit)) => return Ok(permit),
                        Some(Err(Stop::Deny(denial))) => return Err(exchange.session.refuse(&denial)),
                        Some(Err(Stop::Need(missing))) => missing,
                        None => return Err(exchange.session.fault(reason::ENGINE_DECISION_FAULTED)),
                    }
                }
                Err(Stop::Deny(denial)) => return Err(exchange.session.refuse(&denial)),
                Err(Stop::Need(missing)) => missing,
            };
            if !process.state.fetch(&ground, &missing).await {
                return Err(exchange.session.fault(reason::ENGINE_FACT_UNAVAILABLE));
            }
        }
        Err(exchange.session.fault(reason::ENGINE_ROUNDS_EXCEEDED))
    }

    /// Brings the body as the engine wants it.
    async fn body(&mut self, exchange: &mut Exchange, need: BodyNeed) -> Result<Body, Release> {
        let limit = match need {
            BodyNeed::Hold { limit } | BodyNeed::Stream { limit } => limit,
        };
        let had = match (exchange.announced, need) {
            (h1::Body::None | h1::Body::Length(0), _) => Ok(Body::None),
            (h1::Body::Length(length), _) if length > limit => Err(reason::VALIDATE_BODY_TOO_LARGE),
            (_, BodyNeed::Stream { .. }) => {
                exchange.stream_limit = limit;
                Ok(Body::Streamed)
            }
            (_, BodyNeed::Hold { .. }) => self.hold(exchange, limit).await,
        };
        had.map_err(|reason| exchange.session.fault(reason))
    }
}
