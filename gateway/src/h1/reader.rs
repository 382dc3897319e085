//! The state of one connection: which part of a request comes next, and what an event takes out of the buffer.

use bytes::{Buf, Bytes, BytesMut};
use yett_engine::reason;

use super::chunk;
use super::head::{Body, Draft, LONGEST_HEAD, RawHead};
use super::judge::{Judge, Refusal};
use super::line::{self, Line};

/// How much room there is before a read from the socket at least, and how much is made.
const ROOM: (usize, usize) = (1024, 8192);

/// What a connection may ask the reader to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a head, its empty line included; never more than 65535. Beyond: 431.
    pub head_bytes: usize,
    /// Header fields of a head. Beyond: 431.
    pub headers: usize,
    /// Octets of the request target. Beyond, or with a request line longer than a head: 414.
    pub target_bytes: usize,
    /// Octets of the method.
    pub method_bytes: usize,
    /// Octets of a line that starts a chunk, its line end included.
    pub chunk_line_bytes: usize,
    /// Octets that the chunk extensions of one body take together.
    pub extension_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes: 16_384,
            headers: 100,
            target_bytes: 8_192,
            method_bytes: 32,
            chunk_line_bytes: 256,
            extension_bytes: 16_384,
        }
    }
}

/// What was read.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "a box would be the only allocation of a head")]
pub enum Event {
    /// Nothing yet: put more bytes into the buffer, or say `eof`.
    NeedMore,
    /// A request starts.
    Head(RawHead),
    /// Octets of its body, never none.
    Data(Bytes),
    /// The request is whole. The next event belongs to another one.
    End,
    /// No other request comes: the client closed between two requests, or its last head said so.
    Closed,
}

#[derive(Clone, Copy)]
enum State {
    /// Between two requests; `blank` after an empty line.
    Start { blank: bool },
    Head,
    /// So many octets of a body are left.
    Length(u64),
    /// The line of a chunk comes.
    ChunkLine,
    /// So many octets of a chunk are left.
    Chunk(u64),
    /// The line end behind a chunk comes.
    ChunkEnd,
    /// The last chunk is read, its empty line comes.
    Trailer,
    /// The body is read.
    End,
    Closed,
    Refused(Refusal),
}

/// Reads the requests of one connection. Feed it only after `NeedMore`: then it never holds more than a head.
pub struct Reader {
    buffer: BytesMut,
    limits: Limits,
    judge: Judge,
    state: State,
    draft: Draft,
    /// Place in the buffer before which no line end stands, in chunk lines and trailers.
    scan: usize,
    keep_alive: bool,
    /// What chunk extensions of this body may still take.
    extension_bytes: usize,
    eof: bool,
}

impl Reader {
    /// A reader at the start of a connection.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self::judged(limits, Judge::default())
    }

    pub(super) fn judged(limits: Limits, judge: Judge) -> Self {
        Self {
            buffer: BytesMut::new(),
            limits: Limits { head_bytes: limits.head_bytes.min(LONGEST_HEAD), ..limits },
            judge,
            state: State::Start { blank: false },
            draft: Draft::default(),
            scan: 0,
            keep_alive: true,
            extension_bytes: 0,
            eof: false,
        }
    }

    /// The buffer, with room for a read from the socket; only ever append to it.
    pub fn buffer_mut(&mut self) -> &mut BytesMut {
        if self.buffer.capacity() - self.buffer.len() < ROOM.0 {
            self.buffer.reserve(ROOM.1);
        }
        &mut self.buffer
    }

    /// Appends a copy of `bytes`.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// How many octets are held that no event has taken: after `End`, what the client has sent of its next request.
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    /// Says that no more bytes will come. `next` then ends in `Closed`, or in the reason why this cuts a request.
    pub fn eof(&mut self) {
        self.eof = true;
    }

    /// The next event.
    ///
    /// # Errors
    /// The reason why this is not HTTP/1 that has one meaning; from then on always the same.
    #[expect(clippy::should_implement_trait, reason = "the events do not end, and a refusal is no item")]
    pub fn next(&mut self) -> Result<Event, Refusal> {
        let event = self.read();
        if let Err(refusal) = event {
            self.state = State::Refused(refusal);
        }
        event
    }

    fn read(&mut self) -> Result<Event, Refusal> {
        loop {
            let event = match self.state {
                State::Start { blank } => self.start(blank)?,
                State::Head => self.head()?,
                State::Length(left) => self.data(left, State::Length, State::End),
                State::ChunkLine => self.chunk_line()?,
                State::Chunk(left) => self.data(left, State::Chunk, State::ChunkEnd),
                State::ChunkEnd => self.chunk_end()?,
                State::Trailer => self.trailer()?,
                State::End => {
                    self.state = if self.keep_alive { State::Start { blank: false } } else { State::Closed };
                    Some(Event::End)
                }
                State::Closed => Some(Event::Closed),
                State::Refused(refusal) => return Err(refusal),
            };
            match event {
                Some(Event::NeedMore) if self.eof => self.cut()?,
                Some(event) => return Ok(event),
                None => {}
            }
        }
    }

    /// Skips the one empty line that may stand before a request line (RFC 9112 section 2.2).
    fn start(&mut self, blank: bool) -> Result<Option<Event>, Refusal> {
        match self.buffer.first() {
            None => Ok(Some(Event::NeedMore)),
            Some(b'\r' | b'\n') => {
                let Some(Line { next, .. }) = line::find(&self.buffer, &mut 0, self.judge)? else {
                    return Ok(Some(Event::NeedMore));
                };
                if blank {
                    self.judge.refuse(reason::ADMIT_LINE_PRECEDED)?;
                }
                self.buffer.advance(next);
                self.state = State::Start { blank: true };
                Ok(None)
            }
            Some(_) => {
                self.state = State::Head;
                Ok(None)
            }
        }
    }

    fn head(&mut self) -> Result<Option<Event>, Refusal> {
        let limit = self.judge.limit(self.limits.head_bytes, reason::ADMIT_HEAD_TOO_LARGE).min(LONGEST_HEAD);
        let length = self.buffer.len().min(limit);
        let window = self.buffer.get_mut(..length).unwrap_or_default();
        let Some(length) = self.draft.advance(window, &self.limits, self.judge)? else {
            return self.head_unfinished(length, limit);
        };
        let bytes = self.buffer.split_to(length).freeze();
        let Some(head) = self.draft.finish(bytes, self.judge)? else { return Ok(None) };
        self.keep_alive = head.keep_alive();
        self.extension_bytes = self.limits.extension_bytes;
        self.state = match head.body() {
            Body::None => State::End,
            Body::Length(length) => State::Length(length),
            Body::Chunked => State::ChunkLine,
        };
        Ok(Some(Event::Head(head)))
    }

    fn head_unfinished(&self, length: usize, limit: usize) -> Result<Option<Event>, Refusal> {
        if length < limit {
            return Ok(Some(Event::NeedMore));
        }
        if self.draft.in_request_line() {
            self.judge.refuse(reason::ADMIT_TARGET_TOO_LONG)?;
        }
        Err(Refusal { reason: reason::ADMIT_HEAD_TOO_LARGE })
    }

    /// Takes what is here of `left` octets; `within` is the state of what is left, `behind` comes after the last.
    fn data(&mut self, left: u64, within: fn(u64) -> State, behind: State) -> Option<Event> {
        if left == 0 {
            self.state = behind;
            return None;
        }
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
        if length == 0 {
            return Some(Event::NeedMore);
        }
        self.state = within(left - length as u64);
        Some(Event::Data(self.buffer.split_to(length).freeze()))
    }

    fn chunk_line(&mut self) -> Result<Option<Event>, Refusal> {
        let limit = self.judge.limit(self.limits.chunk_line_bytes, reason::ADMIT_CHUNK_TOO_LARGE);
        let length = self.buffer.len().min(limit);
        let window = self.buffer.get(..length).unwrap_or_default();
        let Some(Line { end, next }) = line::find(window, &mut self.scan, self.judge)? else {
            return if length < limit {
                Ok(Some(Event::NeedMore))
            } else {
                Err(Refusal { reason: reason::ADMIT_CHUNK_TOO_LARGE })
            };
        };
        let line = window.get(..end).unwrap_or_default();
        let size = chunk::size(line, &mut self.extension_bytes, self.judge)?;
        self.scan = 0;
        self.buffer.advance(next);
        self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
        Ok(None)
    }

    /// The CRLF behind a chunk. Its lenient reading skips two octets without looking at them.
    fn chunk_end(&mut self) -> Result<Option<Event>, Refusal> {
        let ended = match *self.buffer {
            [] | [b'\r'] => return Ok(Some(Event::NeedMore)),
            [b'\r', b'\n', ..] => 2,
            [b'\n', ..] => {
                self.judge.refuse(reason::ADMIT_LF_BARE)?;
                1
            }
            _ => {
                self.judge.refuse(reason::ADMIT_CHUNK_UNTERMINATED)?;
                2
            }
        };
        if ended > self.buffer.len() {
            return Ok(Some(Event::NeedMore));
        }
        self.buffer.advance(ended);
        self.state = State::ChunkLine;
        Ok(None)
    }

    /// The empty line that ends the chunks. Its first octet decides: no trailer field is waited for.
    fn trailer(&mut self) -> Result<Option<Event>, Refusal> {
        if self.scan == 0 && !matches!(self.buffer.first(), None | Some(b'\r' | b'\n')) {
            self.judge.refuse(reason::ADMIT_TRAILER_UNSUPPORTED)?;
        }
        let Some(Line { end, next }) = line::find(&self.buffer, &mut self.scan, self.judge)? else {
            return Ok(Some(Event::NeedMore));
        };
        self.scan = 0;
        self.buffer.advance(next);
        self.state = if end == 0 { State::End } else { State::Trailer };
        Ok(None)
    }

    /// The connection ended where more was needed. The lenient readings take what is here for the whole.
    fn cut(&mut self) -> Result<(), Refusal> {
        match self.state {
            State::Start { .. } if self.buffer.is_empty() => self.state = State::Closed,
            State::Start { .. } | State::Head => {
                self.judge.refuse(reason::ADMIT_HEAD_CUT)?;
                self.buffer.extend_from_slice(b"\r\n\r\n");
            }
            _ => {
                self.judge.refuse(reason::ADMIT_BODY_CUT)?;
                self.keep_alive = false;
                self.state = State::End;
            }
        }
        Ok(())
    }
}
