//! Reads attack bytes with one check taken out, for proofs and tests: nothing read here can be served.

use yett_engine::reason::Reason;

use super::head::Version;
use super::judge::Judge;
use super::reader::{Event, Limits, Reader};

/// A request as it was read, copied out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: Vec<u8>,
    /// The target.
    pub target: Vec<u8>,
    /// The version.
    pub version: Version,
    /// Names in lower case, and values.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The octets of the body.
    pub body: Vec<u8>,
    /// Whether the connection may serve another request.
    pub keep_alive: bool,
    /// Whether `100 Continue` was asked for.
    pub expects_continue: bool,
    /// Whether the body came to its end.
    pub whole: bool,
}

/// What a connection was read as.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The requests, in order.
    pub requests: Vec<Request>,
    /// Why it was not read further; `None` where it ended between two requests.
    pub refusal: Option<Reason>,
}

/// Reads a connection that brings these `bytes` and closes, without the check of the reason `without`.
#[must_use]
pub fn read(bytes: &[u8], without: Option<Reason>) -> Reading {
    read_pieces([bytes], Limits::default(), without)
}

/// The same for bytes that arrive in pieces, and for other limits.
pub fn read_pieces<'b>(pieces: impl IntoIterator<Item = &'b [u8]>, limits: Limits, without: Option<Reason>) -> Reading {
    let mut reader = Reader::judged(limits, Judge::without(without));
    let mut reading = Reading {
        requests: Vec::new(),
        refusal: None,
    };
    for piece in pieces {
        reader.push(piece);
        reading.take_events(&mut reader);
    }
    reader.eof();
    reading.take_events(&mut reader);
    reading
}

impl Reading {
    fn take_events(&mut self, reader: &mut Reader) {
        loop {
            match (reader.next(), self.requests.last_mut()) {
                (Ok(Event::NeedMore | Event::Closed), _) => return,
                (Ok(Event::Head(head)), _) => self.requests.push(Request {
                    method: head.method().to_vec(),
                    target: head.target().to_vec(),
                    version: head.version(),
                    headers: head
                        .headers()
                        .map(|(name, value)| (name.to_vec(), value.to_vec()))
                        .collect(),
                    body: Vec::new(),
                    keep_alive: head.keep_alive(),
                    expects_continue: head.expects_continue(),
                    whole: false,
                }),
                (Ok(Event::Data(octets)), Some(request)) => request.body.extend_from_slice(&octets),
                (Ok(Event::End), Some(request)) => request.whole = true,
                (Ok(Event::Data(_) | Event::End), None) => {}
                (Err(refusal), _) => {
                    self.refusal = Some(refusal.reason);
                    return;
                }
            }
        }
    }
}
