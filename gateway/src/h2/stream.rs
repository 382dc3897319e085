//! One stream: its request is read, served as any other, and ends with a record, also where its client resets it.

use std::cell::RefCell;
use std::pin::pin;
use std::task::{Context, Poll};

use ::h2::server::SendResponse;
use ::h2::{Reason as Code, RecvStream, SendStream};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, Response};
use yett_engine::{Reason, reason};

use super::Place;
use super::head;
use crate::exchange::{self, Client as _, Desk, Exchange, Outcome, UnderWay};
use crate::reactor::Late;

/// The way back to the client.
pub(super) enum Sending {
    /// Nothing was sent.
    Head(SendResponse<Bytes>),
    /// The head was sent.
    Body(SendStream<Bytes>),
}

/// A stream as the exchange sees it.
pub(super) struct Client<'s> {
    pub(super) place: &'s Place,
    pub(super) body: RecvStream,
    /// Beside the exchange, whoever watches for a reset looks at it.
    pub(super) sending: &'s RefCell<Sending>,
    /// The head of a streamed answer, which goes out with the first octets.
    pub(super) begun: Option<Response<()>>,
    /// The head says how long the body is.
    is_measured: bool,
    expects_continue: bool,
    /// Octets of the body that were read, and for which the client may not send others yet.
    owed: usize,
}

/// Serves one stream.
pub(super) async fn serve(mut place: Place, request: Request<RecvStream>, respond: SendResponse<Bytes>) {
    let Some(mut desk) = place.desk.take() else { return };
    let mut under_way = UnderWay::default();
    let peer = place.shared.peer.ip();
    let exchange = under_way.begin(&place.shared.thread, peer);
    let (parts, body) = request.into_parts();
    let sending = RefCell::new(Sending::Head(respond));
    let client = Client {
        place: &place,
        body,
        sending: &sending,
        begun: None,
        is_measured: parts.headers.contains_key(CONTENT_LENGTH),
        expects_continue: false,
        owed: 0,
    };
    let outcome = {
        let mut served = pin!(client.serve(&parts, &mut desk, exchange));
        std::future::poll_fn(|context| match served.as_mut().poll(context) {
            Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
            Poll::Pending => sending.borrow_mut().poll_reset(context).map(|()| None),
        })
        .await
    };
    match outcome {
        Some(Outcome::Answered) => under_way.end(),
        Some(Outcome::Cut) => {
            sending.borrow_mut().reset();
            under_way.end();
        }
        None => under_way.abandon(),
    }
    place.desk = Some(desk);
}

impl Sending {
    /// Waits until the client, or the end of its connection, resets the stream.
    fn poll_reset(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let reset = match self {
            Self::Head(respond) => respond.poll_reset(context),
            Self::Body(stream) => stream.poll_reset(context),
        };
        reset.map(|_| ())
    }

    fn reset(&mut self) {
        match self {
            Self::Head(respond) => respond.send_reset(Code::INTERNAL_ERROR),
            Self::Body(stream) => stream.send_reset(Code::INTERNAL_ERROR),
        }
    }
}

impl Client<'_> {
    async fn serve(mut self, parts: &http::request::Parts, desk: &mut Desk, exchange: &mut Exchange) -> Outcome {
        exchange.bytes_in = head::octets(parts);
        exchange.is_head = parts.method == Method::HEAD;
        match head::read(parts, self.body.is_end_stream(), self.place.shared.peer.ip(), true) {
            Ok(read) => {
                exchange.announced = read.announced;
                self.expects_continue = read.expects_continue;
                exchange::serve(desk, &mut self, exchange, &read.head).await
            }
            Err(reason) => {
                let release = exchange.session.fault(reason).into_parts();
                self.answer(desk, exchange, release).await
            }
        }
    }

    /// The next octets of the body. The client may send as many anew once they are done with: when the next are asked for.
    pub(super) async fn next_octets(&mut self, desk: &Desk) -> Result<Option<Bytes>, Reason> {
        if std::mem::take(&mut self.expects_continue) {
            self.invite();
        }
        let _ = self
            .body
            .flow_control()
            .release_capacity(std::mem::take(&mut self.owed));
        loop {
            match desk.deadline.within(self.body.data()).await {
                Ok(Some(Ok(octets))) if octets.is_empty() => {}
                Ok(Some(Ok(octets))) => {
                    self.owed = octets.len();
                    return Ok(Some(octets));
                }
                Ok(Some(Err(error))) => return Err(self.why(&error)),
                Ok(None) => break,
                Err(Late) => return Err(reason::UPSTREAM_BODY_LATE),
            }
        }
        match desk.deadline.within(self.body.trailers()).await {
            Ok(Ok(None)) => Ok(None),
            // The library drops pseudo-headers from them: an empty head may not have been one.
            Ok(Ok(Some(_))) => Err(reason::ADMIT_TRAILER_UNSUPPORTED),
            Ok(Err(error)) => Err(self.why(&error)),
            Err(Late) => Err(reason::UPSTREAM_BODY_LATE),
        }
    }

    /// Says `100 (Continue)`; only who may send a body comes here.
    fn invite(&self) {
        if let Sending::Head(respond) = &mut *self.sending.borrow_mut() {
            let mut response = Response::new(());
            *response.status_mut() = http::StatusCode::CONTINUE;
            let _ = respond.send_informational(response);
        }
    }

    /// Why a body ended early. What the library calls a breach of the protocol here is a length that is not the announced
    /// one, or what stands behind the body.
    fn why(&self, error: &::h2::Error) -> Reason {
        match (
            error.is_library() && error.reason() == Some(Code::PROTOCOL_ERROR),
            self.is_measured,
        ) {
            (true, true) => reason::ADMIT_LENGTH_CONFLICTING,
            (true, false) => reason::ADMIT_TRAILER_UNSUPPORTED,
            (false, _) => reason::ADMIT_BODY_CUT,
        }
    }
}
