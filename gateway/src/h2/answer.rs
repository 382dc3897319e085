//! Writes a release to a client of HTTP/2: as much as its windows allow, and no more than a little that waits for its socket.

use std::future::poll_fn;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, DATE};
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use yett_engine::Reason;

use super::stream::{Client, Sending};
use crate::exchange::{self, Desk, Exchange, Gone, Outcome, Parts};
use crate::reactor::Deadline;

impl exchange::Client for Client<'_> {
    async fn octets(&mut self, desk: &Desk) -> Result<Option<Bytes>, Reason> {
        self.next_octets(desk).await
    }

    async fn answer(&mut self, desk: &mut Desk, exchange: &mut Exchange, release: Parts) -> Outcome {
        let (status, headers, body) = release;
        let (length, sent) = exchange::sent(status, body, exchange.is_head);
        let Some(response) = response(desk, exchange, (status, &headers), length) else {
            return Outcome::Cut;
        };
        desk.deadline.set(exchange.ground.plan.gateway.timeouts.body);
        exchange.blamed = None;
        let last = sent.is_empty();
        let mut written = self.head(exchange, response, last);
        if written.is_ok() && !last {
            written = self.write(&desk.deadline, exchange, sent, true).await;
        }
        match written {
            Ok(()) => Outcome::Answered,
            Err(Gone) => Outcome::Cut,
        }
    }

    fn begin(&mut self, desk: &mut Desk, exchange: &mut Exchange, release: &Parts, length: Option<u64>) {
        self.begun = response(desk, exchange, (release.0, &release.1), length);
    }

    async fn put(&mut self, desk: &mut Desk, exchange: &mut Exchange, octets: Option<Bytes>) -> Result<(), Gone> {
        let last = octets.is_none();
        if let Some(response) = self.begun.take() {
            self.head(exchange, response, last)?;
            if last {
                return Ok(());
            }
        }
        self.write(&desk.deadline, exchange, octets.unwrap_or_default(), last)
            .await
    }
}

impl Client<'_> {
    fn head(&self, exchange: &mut Exchange, response: Response<()>, last: bool) -> Result<(), Gone> {
        let fields = response.headers().iter();
        let octets: usize = fields.map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let mut sending = self.sending.borrow_mut();
        let Sending::Head(respond) = &mut *sending else {
            return Err(Gone);
        };
        let stream = respond.send_response(response, last).map_err(|_| Gone)?;
        *sending = Sending::Body(stream);
        exchange.bytes_out += octets as u64;
        self.place.shared.meter.sent(octets as u64);
        Ok(())
    }

    /// Writes octets as the client's windows allow it.
    async fn write(
        &self,
        deadline: &Deadline,
        exchange: &mut Exchange,
        mut octets: Bytes,
        last: bool,
    ) -> Result<(), Gone> {
        while !octets.is_empty() {
            let room = deadline.within(self.room(octets.len())).await.map_err(|_| Gone)??;
            let part = octets.split_to(room.min(octets.len()));
            let length = part.len() as u64;
            self.send(part, last && octets.is_empty())?;
            exchange.bytes_out += length;
            self.place.shared.meter.sent(length);
            if last && octets.is_empty() {
                return Ok(());
            }
        }
        if last { self.send(Bytes::new(), true) } else { Ok(()) }
    }

    fn send(&self, octets: Bytes, last: bool) -> Result<(), Gone> {
        match &mut *self.sending.borrow_mut() {
            Sending::Body(stream) => stream.send_data(octets, last).map_err(|_| Gone),
            Sending::Head(_) => Err(Gone),
        }
    }

    /// Waits until the client takes some of so many octets; how many.
    async fn room(&self, wanted: usize) -> Result<usize, Gone> {
        poll_fn(|context| {
            let Sending::Body(stream) = &mut *self.sending.borrow_mut() else {
                return std::task::Poll::Ready(Err(Gone));
            };
            stream.reserve_capacity(wanted);
            loop {
                // What was granted before is not granted again: it is looked at first.
                if stream.capacity() > 0 {
                    return std::task::Poll::Ready(Ok(stream.capacity()));
                }
                match std::task::ready!(stream.poll_capacity(context)) {
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => return std::task::Poll::Ready(Err(Gone)),
                }
            }
        })
        .await
    }
}

/// The head of an answer; none where it cannot be written in HTTP/2.
fn response(
    desk: &Desk,
    exchange: &mut Exchange,
    (status, headers): (u16, &[(Bytes, Bytes)]),
    length: Option<u64>,
) -> Option<Response<()>> {
    exchange.status = status;
    let mut fields = HeaderMap::with_capacity(headers.len() + 2);
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name).ok()?;
        fields.append(name, HeaderValue::from_maybe_shared(value.clone()).ok()?);
    }
    if !fields.contains_key(DATE) {
        fields.insert(DATE, HeaderValue::from_str(&exchange.date(&desk.thread)).ok()?);
    }
    if let Some(length) = length {
        fields.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    let mut response = Response::new(());
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    *response.headers_mut() = fields;
    Some(response)
}
