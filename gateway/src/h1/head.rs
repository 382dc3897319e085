//! The head of one request as ranges of one shared buffer, and how it grows line by line; what lengths mean is `framing`'s.

use std::ops::Range;

use bytes::Bytes;
use smallvec::SmallVec;
use yett_engine::reason;

use super::framing::{self, Framing};
use super::judge::{Judge, Refusal};
use super::line::{self, Line};
use super::octets::{has_control, is_blank, lower_token, trimmed};
use super::reader::Limits;
use super::request_line::{self, RequestLine};

/// Two octets are enough for every place in a head: `Limits::head_bytes` is never above 65535.
pub(super) const LONGEST_HEAD: usize = u16::MAX as usize;

/// The versions that are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: closes unless asked not to, knows neither chunks nor `Expect`.
    Http10,
    /// HTTP/1.1.
    #[default]
    Http11,
}

/// How the body of a request is framed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    /// There is none.
    None,
    /// So many octets.
    Length(u64),
    /// Chunks, whose sum nobody has announced.
    Chunked,
}

/// A range of the head.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    start: u16,
    end: u16,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        let place = |at| u16::try_from(at).unwrap_or(u16::MAX);
        Self {
            start: place(range.start),
            end: place(range.end),
        }
    }
}

impl Span {
    fn range(self) -> Range<usize> {
        self.start.into()..self.end.into()
    }

    fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.range()).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Field {
    name: Span,
    value: Span,
}

type Fields = SmallVec<[Field; 16]>;

/// The head of one request: nothing is copied, everything is a range of one buffer. Names are in lower case.
#[derive(Clone, Debug)]
pub struct RawHead {
    bytes: Bytes,
    method: Span,
    target: Span,
    fields: Fields,
    version: Version,
    framing: Framing,
}

impl RawHead {
    fn slice(&self, span: Span) -> &[u8] {
        span.of(&self.bytes)
    }

    /// The buffer that all ranges refer to: the head as it came, names turned to lower case.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The method, a token.
    pub fn method(&self) -> &[u8] {
        self.slice(self.method)
    }

    /// The request target as it came: not empty, without blanks and line ends; nothing else is promised.
    pub fn target(&self) -> &[u8] {
        self.slice(self.target)
    }

    /// Where method and target stand in `bytes`.
    pub fn request_ranges(&self) -> (Range<usize>, Range<usize>) {
        (self.method.range(), self.target.range())
    }

    /// The header fields in their order: a name in lower case, a value without blanks around it.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        self.fields
            .iter()
            .map(|field| (self.slice(field.name), self.slice(field.value)))
    }

    /// Where the names and values of `headers` stand in `bytes`.
    pub fn header_ranges(&self) -> impl ExactSizeIterator<Item = (Range<usize>, Range<usize>)> {
        self.fields
            .iter()
            .map(|field| (field.name.range(), field.value.range()))
    }

    /// The version of the request line.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How the body is framed.
    pub fn body(&self) -> Body {
        self.framing.body
    }

    /// Whether the client lets the connection serve another request (RFC 9112 section 9.3).
    pub fn keep_alive(&self) -> bool {
        self.framing.keep_alive
    }

    /// Whether the client waits for `100 Continue` before it sends the body (RFC 9110 section 10.1.1).
    pub fn expects_continue(&self) -> bool {
        self.framing.expects_continue
    }
}

/// A head of which some lines are here. All places count from the start of the buffer, where the head starts.
#[derive(Default)]
pub(super) struct Draft {
    scan: usize,
    start: usize,
    request: RequestLine,
    /// Where the first field stands; zero before the request line has ended.
    fields_start: usize,
    fields: Fields,
}

impl Draft {
    /// Reads all lines that are in `window`; the length of the head once its empty line is.
    pub(super) fn advance(
        &mut self,
        window: &mut [u8],
        limits: &Limits,
        judge: Judge,
    ) -> Result<Option<usize>, Refusal> {
        if self.in_request_line() {
            request_line::refuse_method(window, limits, judge)?;
        }
        while let Some(Line { end, next }) = line::find(window, &mut self.scan, judge)? {
            let line = self.start..end;
            self.start = next;
            self.scan = next;
            if self.in_request_line() {
                let line = window.get(line).unwrap_or_default();
                self.request = request_line::parse(line, limits, judge)?;
                self.fields_start = next;
            } else if line.is_empty() {
                // Names are tokens and every line end is one: a control octet can only stand in a value.
                if has_control(window.get(self.fields_start..next).unwrap_or_default()) {
                    judge.refuse(reason::ADMIT_HEADER_CONTROL)?;
                }
                return Ok(Some(next));
            } else {
                self.field(window, line, limits, judge)?;
            }
        }
        Ok(None)
    }

    /// Whether not even the request line has ended.
    pub(super) fn in_request_line(&self) -> bool {
        self.fields_start == 0
    }

    /// The finished head; the draft is empty again. `bytes` is what `advance` measured.
    pub(super) fn finish(&mut self, bytes: Bytes, judge: Judge) -> Result<RawHead, Refusal> {
        let Draft { request, fields, .. } = std::mem::take(self);
        let RequestLine {
            method,
            target,
            version,
        } = request;
        let parts = fields
            .iter()
            .map(|Field { name, value }| (name.of(&bytes), value.of(&bytes)));
        let framing = framing::of(parts, version, judge)?;
        Ok(RawHead {
            bytes,
            method,
            target,
            fields,
            version,
            framing,
        })
    }

    /// Reads one field line: token, colon, value (RFC 9112 section 5).
    fn field(&mut self, window: &mut [u8], line: Range<usize>, limits: &Limits, judge: Judge) -> Result<(), Refusal> {
        let text = window.get_mut(line.clone()).unwrap_or_default();
        if text.first().copied().is_some_and(is_blank) {
            judge.refuse(reason::ADMIT_HEADER_FOLDED)?;
            self.unfold(window, line);
            return Ok(());
        }
        let name = lower_token(text);
        let Some(colon) = colon_after(text, name, judge)? else {
            return Ok(());
        };
        if self.fields.len() >= limits.headers {
            judge.refuse(reason::ADMIT_HEADERS_TOO_MANY)?;
        }
        let value = trimmed(text.get(colon + 1..).unwrap_or_default());
        let offset = line.start + colon + 1;
        self.fields.push(Field {
            name: (line.start..line.start + name).into(),
            value: (offset + value.start..offset + value.end).into(),
        });
        Ok(())
    }

    /// The lenient reading of a folded line: it goes on with the value before it, the line end read as spaces.
    fn unfold(&mut self, window: &mut [u8], line: Range<usize>) {
        let Some(last) = self.fields.last_mut() else { return };
        let value = last.value.range().start..line.end;
        window
            .get_mut(last.value.range().end..line.start)
            .unwrap_or_default()
            .fill(b' ');
        let inner = trimmed(window.get(value.clone()).unwrap_or_default());
        last.value = (value.start + inner.start..value.start + inner.end).into();
    }
}

/// Where the colon stands that must follow the name at once; `None` where the lenient reading skips the line.
fn colon_after(text: &[u8], name: usize, judge: Judge) -> Result<Option<usize>, Refusal> {
    let rest = text.get(name..).unwrap_or_default();
    if name > 0 && rest.first() == Some(&b':') {
        return Ok(Some(name));
    }
    let blanks = rest.iter().take_while(|octet| is_blank(**octet)).count();
    if name > 0 && blanks > 0 && rest.get(blanks) == Some(&b':') {
        judge.refuse(reason::ADMIT_HEADER_SPACED)?;
        return Ok(Some(name + blanks));
    }
    judge.refuse(reason::ADMIT_HEADER_NAME)?;
    Ok(None)
}
