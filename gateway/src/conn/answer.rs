//! Writes a release to the client: head and body with one write, framing of its own. Beside it a client only ever gets the
//! `100 Continue` of `body`.

use std::io;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use yett_engine::{Body, reason};

use super::exchange::Exchange;
use super::send::Answering;
use super::{After, Connection};
use crate::upstream::{Failed, Framing};
use crate::wire;

/// A release, taken apart: status, headers, body.
pub(super) type Parts = (u16, Vec<(Bytes, Bytes)>, Body);

/// Octets of a body that are copied behind their head.
const SMALL: usize = 4_096;

/// How the body of an answer is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framed {
    /// The status has no body, not even an empty one.
    Never,
    Length(u64),
    Chunked,
    /// By the end of the connection, for HTTP/1.0.
    UntilClose,
}

impl Connection {
    /// Writes a release that is whole.
    pub(super) async fn answer(&mut self, exchange: &mut Exchange, release: Parts, keep: bool) -> After {
        let (status, headers, body) = release;
        let body = match body {
            Body::Held(octets) => octets,
            Body::None | Body::Streamed => Bytes::new(),
        };
        // What GET would bring is not known here (RFC 9110 section 8.6): no length is better than a wrong one.
        let is_known = !exchange.is_head || !body.is_empty();
        let framed = if has_body(status) && is_known {
            Framed::Length(body.len() as u64)
        } else {
            Framed::Never
        };
        self.head(exchange, status, &headers, framed, keep);
        let body = if exchange.is_head || framed == Framed::Never {
            &[][..]
        } else {
            &*body
        };
        self.deadline.set(exchange.ground.plan.gateway.timeouts.body);
        exchange.blamed = None;
        let body = self.join(body);
        let written = self
            .deadline
            .within(wire::write_counted(
                &mut self.stream,
                [&self.out, body],
                &mut exchange.bytes_out,
            ))
            .await;
        match written {
            Ok(Ok(())) if keep => After::Keep,
            Ok(Ok(())) => After::Close,
            Ok(Err(_)) | Err(_) => After::Reset,
        }
    }

    /// Writes a release whose body comes from the upstream as it comes.
    pub(super) async fn relay(
        &mut self,
        exchange: &mut Exchange,
        (status, headers, _): Parts,
        keep: bool,
        answering: &mut Answering,
    ) -> After {
        // Only what has a body streams: there is no framing `None` here.
        let framed = match answering.head.framing {
            Framing::Length(length) => Framed::Length(length),
            _ if exchange.is_old => Framed::UntilClose,
            Framing::None | Framing::Chunked | Framing::UntilClose => Framed::Chunked,
        };
        let ends_here = framed == Framed::UntilClose;
        self.head(exchange, status, &headers, framed, keep && !ends_here);
        match self.stream_body(exchange, framed, answering).await {
            Ok(()) if keep && !ends_here => After::Keep,
            Ok(()) => After::Close,
            Err(None) => After::Reset,
            Err(Some(failed)) => {
                answering.broke = true;
                let release = exchange.session.fault(failed.reason());
                if exchange.bytes_out > 0 {
                    return After::Reset;
                }
                self.answer(exchange, release.into_parts(), keep).await
            }
        }
    }

    /// The head stands in `out` and goes out with the first octets. The error is the upstream's, or none: the client's.
    async fn stream_body(
        &mut self,
        exchange: &mut Exchange,
        framed: Framed,
        answering: &mut Answering,
    ) -> Result<(), Option<Failed>> {
        let (mut receiver, reader) = answering.receiver();
        let plan = exchange.ground.plan.clone();
        let patience = exchange.patience;
        loop {
            self.deadline.set(patience);
            exchange.blamed = Some(reason::UPSTREAM_ANSWER_LATE);
            let octets = receiver.octets(reader, &self.deadline).await.map_err(Some)?;
            let last = octets.is_none();
            let octets = octets.unwrap_or_default();
            self.deadline.set(plan.gateway.timeouts.body);
            exchange.blamed = None;
            let written = match framed {
                Framed::Chunked if last => self.put(exchange, [&[], b"0\r\n\r\n", &[]]).await,
                Framed::Chunked => {
                    let size = format!("{:x}\r\n", octets.len());
                    self.put(exchange, [size.as_bytes(), &octets, b"\r\n"]).await
                }
                Framed::Never | Framed::Length(_) | Framed::UntilClose => self.put(exchange, [&[], &octets, &[]]).await,
            };
            written.map_err(|_| None)?;
            if last {
                return Ok(());
            }
        }
    }

    /// Puts a small body behind its head, for to copy it costs less than to write two buffers; what is left to write besides.
    pub(super) fn join<'b>(&mut self, body: &'b [u8]) -> &'b [u8] {
        if body.len() > SMALL {
            return body;
        }
        self.out.extend_from_slice(body);
        &[]
    }

    /// Writes what stands in `out`, and these.
    async fn put(&mut self, exchange: &mut Exchange, [one, two, three]: [&[u8]; 3]) -> io::Result<()> {
        let parts = [&*self.out, one, two, three];
        let written = wire::write_counted(&mut self.stream, parts, &mut exchange.bytes_out);
        let written = self.deadline.within(written).await;
        self.out.clear();
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes a head into `out`.
    fn head(&mut self, exchange: &mut Exchange, status: u16, headers: &[(Bytes, Bytes)], framed: Framed, keep: bool) {
        exchange.status = status;
        let out = &mut self.out;
        out.clear();
        out.reserve(
            headers
                .iter()
                .map(|(name, value)| name.len() + value.len() + 4)
                .sum::<usize>()
                + 192,
        );
        let mut number = itoa::Buffer::new();
        put(
            out,
            &[
                b"HTTP/1.1 ",
                number.format(status).as_bytes(),
                b" ",
                phrase(status).as_bytes(),
                b"\r\n",
            ],
        );
        let mut dated = false;
        for (name, value) in headers {
            dated |= **name == *b"date";
            put(out, &[name, b": ", value, b"\r\n"]);
        }
        if !dated {
            let clock = &self.thread.process.state.clock;
            let now = exchange.session.trace().now.unwrap_or_else(|| clock.now());
            put(out, &[b"date: ", self.thread.date(now).as_bytes(), b"\r\n"]);
        }
        match framed {
            Framed::Never | Framed::UntilClose => {}
            Framed::Length(length) => put(out, &[b"content-length: ", number.format(length).as_bytes(), b"\r\n"]),
            Framed::Chunked => put(out, &[b"transfer-encoding: chunked\r\n"]),
        }
        match (keep, exchange.is_old) {
            (false, _) => put(out, &[b"connection: close\r\n"]),
            (true, true) => put(out, &[b"connection: keep-alive\r\n"]),
            (true, false) => {}
        }
        put(out, &[b"\r\n"]);
    }
}

fn put(to: &mut BytesMut, parts: &[&[u8]]) {
    for part in parts {
        to.extend_from_slice(part);
    }
}

fn phrase(status: u16) -> &'static str {
    StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or_default()
}

fn has_body(status: u16) -> bool {
    !matches!(status, 100..=199 | 204 | 304)
}
