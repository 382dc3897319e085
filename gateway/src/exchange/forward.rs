//! Spends a permit: the request to the upstream, the answer judged, the release to the client.

use yett_engine::{Answer, Body, Denial, Hint, Pass, Permit, Reason, ReplyNeed, Stop, reason};

use super::gather::Gathered;
use super::judge::guarded;
use super::send::{Answering, Broken};
use super::{Client, Exchange, Flow, Outcome, Parts, rest};
use crate::upstream::{Asked, BodyReader, Framing, Receiver};

impl<C: Client> Flow<'_, C> {
    /// Sends a permitted request and answers its client.
    pub(super) async fn forward(&mut self, exchange: &mut Exchange, permit: Permit) -> Outcome {
        let Some((forward, pass)) = guarded(|| exchange.session.spend(permit)) else {
            return self.fault(exchange, reason::ENGINE_DECISION_FAULTED).await;
        };
        let mut answering = match self.send(exchange, &forward).await {
            Ok(answering) => answering,
            Err(Broken::Fault(reason)) => return self.fault(exchange, reason).await,
            Err(Broken::Later(reason, seconds)) => {
                let denial = Denial::from(reason).hint(Hint::RetryAfter(seconds));
                return self.fault(exchange, denial).await;
            }
            Err(Broken::Reset(reason)) => {
                let _ = exchange.session.fault(reason);
                return Outcome::Cut;
            }
        };
        exchange.upstream = answering.head.status;
        let release = self.receive(exchange, pass, &mut answering).await;
        let relayed = if matches!(release.2, Body::Streamed) {
            self.relay(exchange, &release, &mut answering).await
        } else {
            Err(release)
        };
        // Before the client gets what is held: who does not read it keeps nothing of the upstream's.
        self.let_go(exchange, forward.api, answering);
        match relayed {
            Ok(outcome) => outcome,
            Err(release) => self.client.answer(self.desk, exchange, release).await,
        }
    }

    /// Nothing more is wanted of an answer: says how its target did, and keeps the connection for another request.
    fn let_go(&self, exchange: &Exchange, api: u32, answering: Answering) {
        self.judge_conduct(
            exchange,
            api,
            &answering.asked,
            (answering.head.status, answering.broke),
        );
        let most = exchange.ground.plan.apis.get(api as usize);
        let most = most.map_or(0, |api| api.upstream.connections);
        rest::keep(&self.desk.thread, answering, most);
    }

    /// Says of a target how it did. A good head ends a row of failures, whoever waits for the rest of the answer.
    fn judge_conduct(&self, exchange: &Exchange, api: u32, asked: &Asked, (status, broke): (u16, bool)) {
        let Some(targets) = exchange.ground.targets.get(api as usize) else {
            return;
        };
        if broke || matches!(status, 502..=504) {
            targets.failed(asked, self.desk.thread.process.state.servers.now());
        } else {
            targets.succeeded(asked, self.desk.thread.servers_now.get());
        }
    }

    async fn fault(&mut self, exchange: &mut Exchange, denial: impl Into<Denial>) -> Outcome {
        let release = exchange.session.fault(denial).into_parts();
        self.client.answer(self.desk, exchange, release).await
    }

    /// Has the answer judged, with as much of its body as the engine wants.
    async fn receive(&mut self, exchange: &mut Exchange, pass: Pass, answering: &mut Answering) -> Parts {
        let ground = exchange.ground.clone();
        let (status, headers) = (answering.head.status, std::mem::take(&mut answering.head.headers));
        let need = guarded(|| pass.reply_need(&ground.plan, status, &headers));
        let body = match need {
            None => return exchange.session.fault(reason::ENGINE_DECISION_FAULTED).into_parts(),
            Some(ReplyNeed::Discard) => Body::None,
            Some(_) if answering.head.framing == Framing::None => Body::None,
            Some(ReplyNeed::Stream) => Body::Streamed,
            Some(ReplyNeed::Hold { limit }) => match self.collect(exchange, limit, answering).await {
                Ok(body) => body,
                Err(reason) => return exchange.session.fault(reason).into_parts(),
            },
        };
        let process = self.desk.thread.process.clone();
        let mut facts = process.state.facts(&ground);
        let release = match guarded(|| {
            exchange
                .session
                .reply(pass, Answer::new(status, headers, body), &mut facts)
        }) {
            Some(Ok(release)) => release,
            Some(Err(Stop::Deny(denial))) => exchange.session.refuse(&denial),
            Some(Err(Stop::Need(_))) => exchange.session.fault(reason::ENGINE_FACT_UNAVAILABLE),
            None => exchange.session.fault(reason::ENGINE_DECISION_FAULTED),
        };
        release.into_parts()
    }

    /// Reads the body of an answer whole, within its limit, its deadline and the budget of all held bodies.
    async fn collect(
        &mut self,
        exchange: &mut Exchange,
        limit: u64,
        answering: &mut Answering,
    ) -> Result<Body, Reason> {
        let announced = match answering.head.framing {
            Framing::Length(length) => length,
            Framing::None | Framing::Chunked | Framing::UntilClose => 0,
        };
        let too_large = reason::RECEIVE_BODY_TOO_LARGE;
        let mut gathered = Gathered::new(exchange, announced, announced, (limit, too_large))?;
        self.desk.deadline.set(exchange.patience);
        loop {
            let (mut receiver, reader) = answering.receiver();
            match receiver.octets(reader, &self.desk.deadline).await {
                Ok(Some(octets)) => gathered.add(exchange, octets)?,
                Ok(None) => return Ok(gathered.whole()),
                Err(failed) => {
                    answering.broke = true;
                    return Err(failed.reason());
                }
            }
        }
    }
}

impl Answering {
    /// What reads the rest of the answer.
    pub(super) fn receiver(&mut self) -> (Receiver<'_, &mut tokio::net::TcpStream>, &mut BodyReader) {
        let conn = &mut self.conn;
        let receiver = Receiver {
            stream: &mut conn.stream,
            buffer: &mut conn.buffer,
        };
        (receiver, &mut self.body)
    }
}
