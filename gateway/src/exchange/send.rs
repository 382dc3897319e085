//! Sends what a permit was spent for: finds or opens a connection, writes, and waits for the head of the answer.

use std::pin::pin;
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::tcp::WriteHalf;
use yett_engine::{Body, Forward, Reason, reason};

use super::{Client, Exchange, Flow};
use crate::h1;
use crate::reactor::Late;
use crate::upstream::{
    AnswerHead, Asked, Attempts, BodyReader, Conn, Failed, Outgoing, Receiver, Target, Targets, connect, write_head,
};
use crate::wire;

/// An answer under way.
pub(super) struct Answering {
    pub(super) conn: Conn,
    /// The target that it comes from.
    pub(super) asked: Asked,
    pub(super) head: AnswerHead,
    pub(super) body: BodyReader,
    /// The upstream got the request to its last octet: only then does the next octet begin another.
    pub(super) sent_whole: bool,
    /// The rest of it did not come, or not in time, or was nonsense.
    pub(super) broke: bool,
}

/// Why a request brought no answer that could be judged.
pub(super) enum Broken {
    /// The client is told so.
    Fault(Reason),
    /// The client is told so, and after how many seconds it may ask again.
    Later(Reason, u64),
    /// A streamed body went wrong on its way: both sides are reset.
    Reset(Reason),
}

impl From<Failed> for Broken {
    fn from(failed: Failed) -> Self {
        Self::Fault(failed.reason())
    }
}

/// How a streamed body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pumped {
    Whole,
    /// The upstream takes no more; it may have answered already.
    Unwanted,
}

impl<C: Client> Flow<'_, C> {
    /// Sends, and waits for the head of the answer. Who cannot be reached is passed over; what was sent is sent again, over a new
    /// connection, where `Attempts` allow it. All of it has `timeout` together.
    pub(super) async fn send(&mut self, exchange: &mut Exchange, forward: &Forward) -> Result<Answering, Broken> {
        let ground = exchange.ground.clone();
        let index = forward.api as usize;
        let (Some(api), Some(targets)) = (ground.plan.apis.get(index), ground.targets.get(index)) else {
            return Err(Broken::Fault(reason::ENGINE_DECISION_FAULTED));
        };
        exchange.patience = api.upstream.timeout;
        exchange.blamed = Some(reason::UPSTREAM_ANSWER_LATE);
        let outgoing = outgoing(forward, exchange.announced);
        let mut attempts = Attempts::new(targets, api.upstream.retries, may_repeat(forward));
        let end = self.desk.thread.ticker.after(api.upstream.timeout);
        let mut failed = Failed::Refused;
        let mut broken = None;
        while let Some((index, target)) = attempts.next(self.desk.thread.servers_now.get(), self.desk.thread.next()) {
            let left = self.desk.thread.ticker.until(end);
            if left == 0 {
                break;
            }
            let Some(asked) = Asked::begin(target, api.upstream.connections) else {
                attempts.pass_over(index);
                failed = Failed::Full;
                continue;
            };
            let pooled = attempts
                .first()
                .then(|| self.desk.thread.pool.take(&target.server))
                .flatten();
            let mut conn = match pooled {
                Some(conn) => conn,
                None => match self.connect(targets, target, api.upstream.connect.min(left)).await {
                    Ok(conn) => conn,
                    Err(why) => {
                        attempts.pass_over(index);
                        failed = why;
                        continue;
                    }
                },
            };
            exchange.attempts = attempts.begin(index);
            let sent = self
                .attempt(exchange, &mut conn, (forward, target, outgoing), (&mut attempts, end))
                .await;
            exchange.over_budget = attempts.over_budget();
            match sent {
                Ok((head, sent_whole)) => {
                    let body = BodyReader::new(head.framing);
                    return Ok(Answering {
                        conn,
                        asked,
                        head,
                        body,
                        sent_whole,
                        broke: false,
                    });
                }
                Err((Broken::Reset(reason), _)) => {
                    let _ = socket2::SockRef::from(&conn.stream).set_linger(Some(Duration::ZERO));
                    return Err(Broken::Reset(reason));
                }
                Err((why, again)) => {
                    // That a connection was closed while it waited says nothing against who closed it.
                    if !(conn.unanswered && conn.reused) {
                        targets.failed(target, self.desk.thread.process.state.servers.now());
                    }
                    if !again {
                        return Err(why);
                    }
                    broken = Some(why);
                }
            }
        }
        if let Some(broken) = broken {
            return Err(broken);
        }
        let wait = if matches!(failed, Failed::Full | Failed::Spent) {
            1
        } else {
            targets.wait(self.desk.thread.process.state.servers.now())
        };
        Err(Broken::Later(failed.reason(), wait))
    }

    /// Sends once, and says where that fails whether the request may be sent again. One that is slow is given up for another where
    /// there may be one; else it has all the time that is left.
    async fn attempt(
        &mut self,
        exchange: &mut Exchange,
        conn: &mut Conn,
        (forward, target, outgoing): (&Forward, &Target, Outgoing),
        (attempts, end): (&mut Attempts<'_>, u64),
    ) -> Result<(AnswerHead, bool), (Broken, bool)> {
        let limit = attempts.try_timeout();
        let slow = limit.map(|limit| {
            let deadline = self.desk.thread.ticker.deadline();
            deadline.set(limit);
            deadline
        });
        self.desk.deadline.set(self.desk.thread.ticker.until(end));
        let sent = {
            let mut sending = pin!(self.send_over(exchange, conn, forward, (target, outgoing)));
            match slow {
                None => sending.await,
                Some(slow) => match slow.within(&mut sending).await {
                    Ok(sent) => sent,
                    Err(Late) if attempts.may_repeat() => return Err((Failed::Late.into(), true)),
                    Err(Late) => sending.await,
                },
            }
        };
        sent.map_err(|broken| (broken, conn.unanswered && attempts.may_repeat()))
    }

    async fn connect(&self, targets: &Targets, target: &Target, patience: u64) -> Result<Conn, Failed> {
        let servers = &self.desk.thread.process.state.servers;
        if !target.server.may_connect(servers.now()) {
            return Err(Failed::Silent);
        }
        let connected = connect(&target.server, &self.desk.deadline, patience, servers).await;
        match &connected {
            Ok(_) => target.server.reached(),
            Err(Failed::Spent) => {}
            Err(failed) => {
                target.server.missed(servers.now(), *failed == Failed::Silent);
                targets.failed(target, servers.now());
            }
        }
        connected
    }

    /// Sends a request: the head of its answer, and whether it was sent whole.
    async fn send_over(
        &mut self,
        exchange: &mut Exchange,
        conn: &mut Conn,
        forward: &Forward,
        (target, outgoing): (&Target, Outgoing),
    ) -> Result<(AnswerHead, bool), Broken> {
        self.desk.out.clear();
        write_head(forward, target, outgoing, &mut self.desk.out);
        let to_head = forward.method == "HEAD";
        match &forward.body {
            Body::Held(octets) => {
                let body = self.desk.join(octets);
                self.send_held(conn, body, to_head).await
            }
            Body::None => self.send_held(conn, &[], to_head).await,
            Body::Streamed => {
                let written = self
                    .desk
                    .deadline
                    .within(wire::write_all(&mut conn.stream, [&self.desk.out]))
                    .await;
                if written.map_err(Failed::from)?.is_err() {
                    return Err(Failed::Cut.into());
                }
                self.send_stream(exchange, conn, outgoing, to_head).await
            }
        }
    }

    /// Sends what stands in `out`, and this body. What the upstream answers before its end counts, and ends it where it is an
    /// error (RFC 9112 section 9.5).
    async fn send_held(&mut self, conn: &mut Conn, body: &[u8], to_head: bool) -> Result<(AnswerHead, bool), Broken> {
        let (read, mut write) = conn.stream.split();
        let mut receiver = Receiver {
            stream: read,
            buffer: &mut conn.buffer,
        };
        let mut head = pin!(receiver.head(to_head, &self.desk.deadline));
        let mut writing = pin!(
            self.desk
                .deadline
                .within(wire::write_all(&mut write, [&self.desk.out, body]))
        );
        let answered = tokio::select! {
            biased;
            written = &mut writing => {
                // A write that fails says nothing about what was answered before.
                let sent_whole = written.map_err(Failed::from)?.is_ok();
                head.await.map(|head| (head, sent_whole))
            }
            early = &mut head => match early {
                Ok(head) if head.status < 400 => {
                    let sent_whole = matches!(writing.await, Ok(Ok(())));
                    Ok((head, sent_whole))
                }
                early => early.map(|head| (head, false)),
            },
        };
        conn.unanswered = matches!(answered, Err(Failed::Unanswered));
        Ok(answered?)
    }

    /// Sends a body as it comes; what the upstream answers before its end is as in `send_held`.
    async fn send_stream(
        &mut self,
        exchange: &mut Exchange,
        conn: &mut Conn,
        outgoing: Outgoing,
        to_head: bool,
    ) -> Result<(AnswerHead, bool), Broken> {
        let (read, mut write) = conn.stream.split();
        let mut receiver = Receiver {
            stream: read,
            buffer: &mut conn.buffer,
        };
        let waiting = self.desk.thread.ticker.deadline();
        let patience = exchange.patience;
        self.desk.deadline.set(exchange.ground.plan.gateway.timeouts.body);
        let mut head = pin!(receiver.head(to_head, &waiting));
        let mut pump = pin!(self.pump(exchange, &mut write, outgoing));
        tokio::select! {
            biased;
            pumped = &mut pump => {
                let sent_whole = pumped? == Pumped::Whole;
                waiting.set(patience);
                Ok((head.await?, sent_whole))
            }
            early = &mut head => {
                let head = early?;
                let sent_whole = head.status < 400 && match pump.await {
                    Ok(pumped) => pumped == Pumped::Whole,
                    // Nobody reads the answer meanwhile, and the upstream may wait for just that: it was not late.
                    Err(Broken::Fault(_) | Broken::Later(..)) => return Err(Broken::Reset(reason::UPSTREAM_BODY_LATE)),
                    Err(reset) => return Err(reset),
                };
                Ok((head, sent_whole))
            }
        }
    }

    async fn pump(
        &mut self,
        exchange: &mut Exchange,
        to: &mut WriteHalf<'_>,
        outgoing: Outgoing,
    ) -> Result<Pumped, Broken> {
        let mut sent = 0u64;
        while let Some(octets) = self.client.octets(self.desk).await.map_err(Broken::Reset)? {
            sent += octets.len() as u64;
            exchange.bytes_in += octets.len() as u64;
            if sent > exchange.stream_limit {
                return Err(Broken::Reset(reason::VALIDATE_BODY_TOO_LARGE));
            }
            let written = match outgoing {
                Outgoing::Chunked => {
                    let size = format!("{:x}\r\n", octets.len());
                    self.desk
                        .deadline
                        .within(wire::write_all(to, [size.as_bytes(), &octets, b"\r\n"]))
                        .await
                }
                Outgoing::None | Outgoing::Length(_) => self.desk.deadline.within(wire::write_all(to, [&octets])).await,
            };
            if written.map_err(Failed::from)?.is_err() {
                return Ok(Pumped::Unwanted);
            }
        }
        if outgoing == Outgoing::Chunked
            && !matches!(self.desk.deadline.within(to.write_all(b"0\r\n\r\n")).await, Ok(Ok(())))
        {
            return Ok(Pumped::Unwanted);
        }
        Ok(Pumped::Whole)
    }
}

fn outgoing(forward: &Forward, announced: h1::Body) -> Outgoing {
    match (&forward.body, announced) {
        (Body::None, _) => Outgoing::None,
        (Body::Held(octets), _) => Outgoing::Length(octets.len() as u64),
        (Body::Streamed, h1::Body::Length(length)) => Outgoing::Length(length),
        (Body::Streamed, h1::Body::None | h1::Body::Chunked) => Outgoing::Chunked,
    }
}

/// Sent twice it does what it does when sent once (RFC 9110 section 9.2.2), and its body is still here.
fn may_repeat(forward: &Forward) -> bool {
    matches!(forward.method, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE") && !matches!(forward.body, Body::Streamed)
}
