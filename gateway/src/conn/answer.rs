//! Writes a release to a client of HTTP/1: head and body with one write, framing of its own. Beside it such a client only ever
//! gets the `100 Continue` of `body`.

use std::io;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use yett_engine::Reason;

use super::Wire;
use crate::exchange::{self, Client, Desk, Exchange, Gone, Outcome, Parts};
use crate::wire;

/// How the body of an answer is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framed {
    /// The status has no body, not even an empty one.
    Never,
    Length(u64),
    Chunked,
    /// By the end of the connection, for HTTP/1.0.
    UntilClose,
}

impl Client for Wire {
    async fn octets(&mut self, desk: &Desk) -> Result<Option<Bytes>, Reason> {
        self.next_octets(&desk.deadline).await
    }

    async fn answer(&mut self, desk: &mut Desk, exchange: &mut Exchange, release: Parts) -> Outcome {
        let (status, headers, body) = release;
        let (length, body) = exchange::sent(status, body, exchange.is_head);
        let framed = length.map_or(Framed::Never, Framed::Length);
        self.keep = self.may_keep(desk);
        self.head(desk, exchange, (status, &headers), framed);
        desk.deadline.set(exchange.ground.plan.gateway.timeouts.body);
        exchange.blamed = None;
        let body = desk.join(&body);
        let written = desk
            .deadline
            .within(wire::write_counted(
                &mut self.stream,
                [&desk.out, body],
                &mut exchange.bytes_out,
            ))
            .await;
        match written {
            Ok(Ok(())) => Outcome::Answered,
            Ok(Err(_)) | Err(_) => Outcome::Cut,
        }
    }

    fn begin(&mut self, desk: &mut Desk, exchange: &mut Exchange, release: &Parts, length: Option<u64>) {
        self.framed = match length {
            Some(length) => Framed::Length(length),
            None if self.is_old => Framed::UntilClose,
            None => Framed::Chunked,
        };
        self.keep = self.framed != Framed::UntilClose && self.may_keep(desk);
        self.head(desk, exchange, (release.0, &release.1), self.framed);
    }

    /// The head stands in `out` and goes out with the first octets.
    async fn put(&mut self, desk: &mut Desk, exchange: &mut Exchange, octets: Option<Bytes>) -> Result<(), Gone> {
        let last = octets.is_none();
        let octets = octets.unwrap_or_default();
        let written = match self.framed {
            Framed::Chunked if last => self.write(desk, exchange, [&[], b"0\r\n\r\n", &[]]).await,
            Framed::Chunked => {
                let size = format!("{:x}\r\n", octets.len());
                self.write(desk, exchange, [size.as_bytes(), &octets, b"\r\n"]).await
            }
            Framed::Never | Framed::Length(_) | Framed::UntilClose => {
                self.write(desk, exchange, [&[], &octets, &[]]).await
            }
        };
        written.map_err(|_| Gone)
    }
}

impl Wire {
    /// Writes what stands in `out`, and these.
    async fn write(
        &mut self,
        desk: &mut Desk,
        exchange: &mut Exchange,
        [one, two, three]: [&[u8]; 3],
    ) -> io::Result<()> {
        let parts = [&*desk.out, one, two, three];
        let written = wire::write_counted(&mut self.stream, parts, &mut exchange.bytes_out);
        let written = desk.deadline.within(written).await;
        desk.out.clear();
        written.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }

    /// Writes a head into `out`.
    fn head(
        &self,
        desk: &mut Desk,
        exchange: &mut Exchange,
        (status, headers): (u16, &[(Bytes, Bytes)]),
        framed: Framed,
    ) {
        exchange.status = status;
        let out = &mut desk.out;
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
            put(out, &[b"date: ", exchange.date(&desk.thread).as_bytes(), b"\r\n"]);
        }
        match framed {
            Framed::Never | Framed::UntilClose => {}
            Framed::Length(length) => put(out, &[b"content-length: ", number.format(length).as_bytes(), b"\r\n"]),
            Framed::Chunked => put(out, &[b"transfer-encoding: chunked\r\n"]),
        }
        match (self.keep, self.is_old) {
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
