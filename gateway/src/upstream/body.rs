//! Reads the body of an upstream's answer by its framing; bytes in, octets out, no I/O. Extensions and trailers are dropped.

use bytes::{Buf as _, Bytes, BytesMut};
use memchr::memchr;

use super::answer::{Framing, Malformed};

/// A chunk's line, and all trailers together, are no longer.
const LONGEST_LINE: usize = 4096;
const LONGEST_TRAILERS: usize = 16_384;

/// What comes next of a body.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Octets, never none.
    Octets(Bytes),
    /// Nothing yet.
    NeedMore,
    /// The body is whole.
    End,
}

/// Where the reading of a body stands.
#[derive(Debug)]
pub(crate) struct BodyReader {
    state: State,
    trailers: usize,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Length(u64),
    UntilClose,
    ChunkLine,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    End,
    /// It was malformed; what stands behind the fault means nothing.
    Refused,
}

impl BodyReader {
    pub(crate) fn new(framing: Framing) -> Self {
        let state = match framing {
            Framing::None => State::End,
            Framing::Length(length) => State::Length(length),
            Framing::Chunked => State::ChunkLine,
            Framing::UntilClose => State::UntilClose,
        };
        Self { state, trailers: 0 }
    }

    /// The next part of what the buffer holds; once it is malformed it stays so.
    pub(crate) fn next(&mut self, buffer: &mut BytesMut) -> Result<Part, Malformed> {
        self.read(buffer).inspect_err(|_| self.state = State::Refused)
    }

    fn read(&mut self, buffer: &mut BytesMut) -> Result<Part, Malformed> {
        loop {
            match self.state {
                State::Refused => return Err(Malformed),
                State::End => return Ok(Part::End),
                State::Length(0) => self.state = State::End,
                State::Chunk(0) => self.state = State::ChunkEnd,
                _ if buffer.is_empty() => return Ok(Part::NeedMore),
                State::Length(left) => return Ok(self.octets(left, buffer, State::Length)),
                State::Chunk(left) => return Ok(self.octets(left, buffer, State::Chunk)),
                State::UntilClose => return Ok(Part::Octets(buffer.split().freeze())),
                State::ChunkLine => match line(buffer)? {
                    Some(line) => {
                        let size = size(&line)?;
                        self.state = if size == 0 { State::Trailer } else { State::Chunk(size) };
                    }
                    None => return Ok(Part::NeedMore),
                },
                State::ChunkEnd => match line(buffer)? {
                    Some(line) if line.is_empty() => self.state = State::ChunkLine,
                    Some(_) => return Err(Malformed),
                    None => return Ok(Part::NeedMore),
                },
                State::Trailer => match line(buffer)? {
                    Some(line) if line.is_empty() => self.state = State::End,
                    Some(line) => self.trailer(line.len())?,
                    None => return Ok(Part::NeedMore),
                },
            }
        }
    }

    /// The connection ended.
    pub(crate) fn eof(&mut self) -> Result<(), Malformed> {
        match self.state {
            State::UntilClose | State::End => {
                self.state = State::End;
                Ok(())
            }
            _ => {
                self.state = State::Refused;
                Err(Malformed)
            }
        }
    }

    fn octets(&mut self, left: u64, buffer: &mut BytesMut, within: fn(u64) -> State) -> Part {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        self.state = within(left - here as u64);
        Part::Octets(buffer.split_to(here).freeze())
    }

    fn trailer(&mut self, length: usize) -> Result<(), Malformed> {
        self.trailers += length;
        if self.trailers > LONGEST_TRAILERS {
            Err(Malformed)
        } else {
            Ok(())
        }
    }
}

/// A line without its CRLF.
fn line(buffer: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
    match memchr(b'\n', buffer) {
        Some(end) if end <= LONGEST_LINE => {
            let line = buffer.split_to(end).freeze();
            buffer.advance(1);
            match line.split_last() {
                Some((b'\r', text)) => Ok(Some(line.slice(..text.len()))),
                _ => Err(Malformed),
            }
        }
        None if buffer.len() <= LONGEST_LINE => Ok(None),
        _ => Err(Malformed),
    }
}

fn size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line
        .split(|octet| *octet == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii_end();
    if digits.is_empty() || digits.len() > 16 {
        return Err(Malformed);
    }
    digits.iter().try_fold(0u64, |sum, digit| {
        char::from(*digit)
            .to_digit(16)
            .map(|digit| sum << 4 | u64::from(digit))
            .ok_or(Malformed)
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    /// Feeds `text` in pieces of `step` octets: the body, and what is left behind it.
    fn fed(framing: Framing, text: &[u8], step: usize) -> Result<(Vec<u8>, usize), Malformed> {
        let (mut reader, mut buffer, mut body) = (BodyReader::new(framing), BytesMut::new(), Vec::new());
        let mut pieces = text.chunks(step);
        loop {
            match reader.next(&mut buffer)? {
                Part::Octets(octets) => body.extend_from_slice(&octets),
                Part::End => return Ok((body, buffer.len() + pieces.map(<[u8]>::len).sum::<usize>())),
                Part::NeedMore => match pieces.next() {
                    Some(piece) => buffer.extend_from_slice(piece),
                    None => reader.eof()?,
                },
            }
        }
    }

    #[test]
    fn a_body_is_the_same_however_it_arrives() {
        let chunked: &[u8] = b"3;a=b\r\nabc\r\n0A\r\n0123456789\r\n0\r\nx: y\r\n\r\nnext";
        for step in 1..chunked.len() {
            assert_eq!(
                fed(Framing::Chunked, chunked, step).unwrap(),
                (b"abc0123456789".to_vec(), 4)
            );
            assert_eq!(
                fed(Framing::Length(5), b"12345next", step).unwrap(),
                (b"12345".to_vec(), 4)
            );
            assert_eq!(
                fed(Framing::UntilClose, b"12345", step).unwrap(),
                (b"12345".to_vec(), 0)
            );
        }
        assert_eq!(fed(Framing::None, b"next", 1).unwrap(), (Vec::new(), 4));
    }

    #[test]
    fn what_is_no_body_is_malformed() {
        for text in [
            "g\r\n",
            "\r\n",
            "-1\r\n",
            "0x5\r\n",
            "3\nabc",
            "3\r\nabcd\r\n",
            "11112222333344445\r\n",
            "3\r\nab",
        ] {
            assert_eq!(fed(Framing::Chunked, text.as_bytes(), 1), Err(Malformed), "{text:?}");
        }
        assert_eq!(fed(Framing::Length(5), b"1234", 1), Err(Malformed));
        let endless = vec![b'1'; LONGEST_LINE + 2];
        assert_eq!(fed(Framing::Chunked, &endless, 100), Err(Malformed));
    }

    #[test]
    fn what_was_malformed_stays_so() {
        let long = format!("0\r\n{}\r\n\r\n", "t: x\r\n".repeat(LONGEST_TRAILERS / 3));
        for text in ["zz\r\n0\r\n\r\n", "3\r\nabcd\r\n0\r\n\r\n", "1\n0\r\n\r\n", &long] {
            let (mut reader, mut buffer) = (BodyReader::new(Framing::Chunked), BytesMut::from(text.as_bytes()));
            while let Ok(Part::Octets(_)) = reader.next(&mut buffer) {}
            for _ in 0..3 {
                assert_eq!(reader.next(&mut buffer), Err(Malformed), "{text:?}");
            }
        }
        let mut reader = BodyReader::new(Framing::Length(5));
        assert_eq!(reader.eof(), Err(Malformed));
        assert_eq!(reader.next(&mut BytesMut::from(&b"12345"[..])), Err(Malformed));
    }
}
