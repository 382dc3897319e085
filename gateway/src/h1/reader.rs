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
    Start {
        blank: bool,
    },
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

/// What a part of a request made of the buffer.
enum Step {
    /// It was taken, the state is the next part's.
    Taken,
    /// It is not whole yet.
    Wanting,
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
            limits: Limits {
                head_bytes: limits.head_bytes.min(LONGEST_HEAD),
                ..limits
            },
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
    #[expect(
        clippy::should_implement_trait,
        reason = "the events do not end, and a refusal is no item"
    )]
    pub fn next(&mut self) -> Result<Event, Refusal> {
        let event = self.read();
        if let Err(refusal) = event {
            self.state = State::Refused(refusal);
        }
        event
    }

    fn read(&mut self) -> Result<Event, Refusal> {
        loop {
            let step = match self.state {
                State::Start { blank } => self.start(blank)?,
                State::Head => match self.head_length()? {
                    Some(length) => return self.head(length),
                    None => Step::Wanting,
                },
                State::Length(0) => self.enter(State::End),
                State::Chunk(0) => self.enter(State::ChunkEnd),
                State::Length(left) => match self.data(left, State::Length) {
                    Some(octets) => return Ok(Event::Data(octets)),
                    None => Step::Wanting,
                },
                State::Chunk(left) => match self.data(left, State::Chunk) {
                    Some(octets) => return Ok(Event::Data(octets)),
                    None => Step::Wanting,
                },
                State::ChunkLine => self.chunk_line()?,
                State::ChunkEnd => self.chunk_end()?,
                State::Trailer => self.trailer()?,
                State::End => {
                    self.state = if self.keep_alive {
                        State::Start { blank: false }
                    } else {
                        State::Closed
                    };
                    return Ok(Event::End);
                }
                State::Closed => return Ok(Event::Closed),
                State::Refused(refusal) => return Err(refusal),
            };
            match step {
                Step::Taken => {}
                Step::Wanting if self.eof => self.cut()?,
                Step::Wanting => return Ok(Event::NeedMore),
            }
        }
    }

    fn enter(&mut self, state: State) -> Step {
        self.state = state;
        Step::Taken
    }

    /// Skips the one empty line that may stand before a request line (RFC 9112 section 2.2).
    fn start(&mut self, blank: bool) -> Result<Step, Refusal> {
        match self.buffer.first() {
            None => return Ok(Step::Wanting),
            Some(b'\r' | b'\n') => {}
            Some(_) => return Ok(self.enter(State::Head)),
        }
        let Some(Line { next, .. }) = line::find(&self.buffer, &mut 0, self.judge)? else {
            return Ok(Step::Wanting);
        };
        if blank {
            self.judge.refuse(reason::ADMIT_LINE_PRECEDED)?;
        }
        self.buffer.advance(next);
        Ok(self.enter(State::Start { blank: true }))
    }

    /// The length of the head, once it is here.
    fn head_length(&mut self) -> Result<Option<usize>, Refusal> {
        let limit = self
            .judge
            .limit(self.limits.head_bytes, reason::ADMIT_HEAD_TOO_LARGE)
            .min(LONGEST_HEAD);
        let length = self.buffer.len().min(limit);
        let window = self.buffer.get_mut(..length).unwrap_or_default();
        if let Some(length) = self.draft.advance(window, &self.limits, self.judge)? {
            return Ok(Some(length));
        }
        if length < limit {
            return Ok(None);
        }
        if self.draft.in_request_line() {
            self.judge.refuse(reason::ADMIT_TARGET_TOO_LONG)?;
        }
        Err(Refusal {
            reason: reason::ADMIT_HEAD_TOO_LARGE,
        })
    }

    fn head(&mut self, length: usize) -> Result<Event, Refusal> {
        let head = self.draft.finish(self.buffer.split_to(length).freeze(), self.judge)?;
        self.keep_alive = head.keep_alive();
        self.extension_bytes = self.limits.extension_bytes;
        self.state = match head.body() {
            Body::None => State::End,
            Body::Length(length) => State::Length(length),
            Body::Chunked => State::ChunkLine,
        };
        Ok(Event::Head(head))
    }

    /// Takes what is here of `left` octets; `within` is the state of the others.
    fn data(&mut self, left: u64, within: fn(u64) -> State) -> Option<Bytes> {
        let length = usize::try_from(left).unwrap_or(usize::MAX).min(self.buffer.len());
        self.state = within(left - length as u64);
        (length > 0).then(|| self.buffer.split_to(length).freeze())
    }

    fn chunk_line(&mut self) -> Result<Step, Refusal> {
        let limit = self
            .judge
            .limit(self.limits.chunk_line_bytes, reason::ADMIT_CHUNK_TOO_LARGE);
        let length = self.buffer.len().min(limit);
        let window = self.buffer.get(..length).unwrap_or_default();
        let Some(Line { end, next }) = line::find(window, &mut self.scan, self.judge)? else {
            return if length < limit {
                Ok(Step::Wanting)
            } else {
                Err(Refusal {
                    reason: reason::ADMIT_CHUNK_TOO_LARGE,
                })
            };
        };
        let line = window.get(..end).unwrap_or_default();
        let size = chunk::size(line, &mut self.extension_bytes, self.judge)?;
        self.scan = 0;
        self.buffer.advance(next);
        Ok(self.enter(if size == 0 { State::Trailer } else { State::Chunk(size) }))
    }

    /// The CRLF behind a chunk. Its lenient reading skips two octets without looking at them.
    fn chunk_end(&mut self) -> Result<Step, Refusal> {
        let ended = match *self.buffer {
            [] | [b'\r'] => return Ok(Step::Wanting),
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
            return Ok(Step::Wanting);
        }
        self.buffer.advance(ended);
        Ok(self.enter(State::ChunkLine))
    }

    /// The empty line that ends the chunks. Its first octet decides: no trailer field is waited for.
    fn trailer(&mut self) -> Result<Step, Refusal> {
        if self.scan == 0 && !matches!(self.buffer.first(), None | Some(b'\r' | b'\n')) {
            self.judge.refuse(reason::ADMIT_TRAILER_UNSUPPORTED)?;
        }
        let Some(Line { end, next }) = line::find(&self.buffer, &mut self.scan, self.judge)? else {
            return Ok(Step::Wanting);
        };
        self.scan = 0;
        self.buffer.advance(next);
        Ok(self.enter(if end == 0 { State::End } else { State::Trailer }))
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
