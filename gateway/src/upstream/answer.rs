//! Reads the head of an upstream's answer, and says where its body ends (RFC 9112 section 6.3); bytes in, a head out, no I/O.
//!
//! What frames an answer in two ways is malformed: a gateway that guesses hands one client another client's answer.

use std::mem::MaybeUninit;
use std::ops::Range;

use bytes::{Bytes, BytesMut};
use memchr::memchr_iter;
use smallvec::SmallVec;

const LONGEST: usize = 65_536;
const MOST_HEADERS: usize = 128;

/// How an answer's body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// There is none.
    None,
    /// After so many octets.
    Length(u64),
    /// With the last chunk.
    Chunked,
    /// With the connection.
    UntilClose,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct AnswerHead {
    pub(crate) status: u16,
    /// Names in lower case; slices of one buffer.
    pub(crate) headers: Vec<(Bytes, Bytes)>,
    pub(crate) framing: Framing,
    /// Whether the connection may serve another request.
    pub(crate) keep_alive: bool,
}

/// This is not HTTP/1 that has one meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

struct Spans {
    length: usize,
    status: u16,
    version: u8,
    headers: SmallVec<[(Range<usize>, Range<usize>); 24]>,
}

/// The head at the start of the buffer, once it is whole; it is taken out of the buffer.
pub(crate) fn read(buffer: &mut BytesMut, to_head: bool) -> Result<Option<AnswerHead>, Malformed> {
    let Some(spans) = spans(buffer)? else {
        return if buffer.len() < LONGEST {
            Ok(None)
        } else {
            Err(Malformed)
        };
    };
    let mut head = buffer.split_to(spans.length);
    if has_bare_lf(&head) {
        return Err(Malformed);
    }
    for (name, _) in &spans.headers {
        head.get_mut(name.clone()).unwrap_or_default().make_ascii_lowercase();
    }
    let head = head.freeze();
    let headers: Vec<_> = spans
        .headers
        .into_iter()
        .map(|(name, value)| (head.slice(name), head.slice(value)))
        .collect();
    let (framing, keep_alive) = framing(&headers, spans.status, spans.version, to_head)?;
    Ok(Some(AnswerHead {
        status: spans.status,
        headers,
        framing,
        keep_alive,
    }))
}

/// Whether a line ends otherwise than another reader of the same head may think it does (RFC 9112 section 2.2).
fn has_bare_lf(head: &[u8]) -> bool {
    memchr_iter(b'\n', head).any(|at| at.checked_sub(1).and_then(|before| head.get(before)) != Some(&b'\r'))
}

fn spans(buffer: &[u8]) -> Result<Option<Spans>, Malformed> {
    let mut fields = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default()
        .parse_response_with_uninit_headers(&mut response, buffer, &mut fields)
        .map_err(|_| Malformed)?;
    let httparse::Status::Complete(length) = parsed else {
        return Ok(None);
    };
    let base = buffer.as_ptr().addr();
    let place = |part: &[u8]| {
        let start = part.as_ptr().addr().wrapping_sub(base);
        let inside = start <= length && part.len() <= length - start;
        if inside { start..start + part.len() } else { 0..0 }
    };
    Ok(Some(Spans {
        length,
        status: response.code.ok_or(Malformed)?,
        version: response.version.ok_or(Malformed)?,
        headers: response
            .headers
            .iter()
            .map(|field| (place(field.name.as_bytes()), place(field.value)))
            .collect(),
    }))
}

fn framing(headers: &[(Bytes, Bytes)], status: u16, version: u8, to_head: bool) -> Result<(Framing, bool), Malformed> {
    let (mut length, mut chunked, mut close, mut keep) = (None, false, false, false);
    for (name, value) in headers {
        match &**name {
            b"content-length" => {
                let octets = number(value).ok_or(Malformed)?;
                if length.replace(octets).is_some() {
                    return Err(Malformed);
                }
            }
            b"transfer-encoding" => {
                if chunked || version == 0 || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Malformed);
                }
                chunked = true;
            }
            b"connection" => {
                let mut options = value.split(|octet| *octet == b',').map(<[u8]>::trim_ascii);
                close |= options.clone().any(|option| option.eq_ignore_ascii_case(b"close"));
                keep |= options.any(|option| option.eq_ignore_ascii_case(b"keep-alive"));
            }
            _ => {}
        }
    }
    let framing = match (length, chunked) {
        (Some(_), true) => return Err(Malformed),
        _ if to_head || matches!(status, 100..=199 | 204 | 304) => Framing::None,
        (_, true) => Framing::Chunked,
        (Some(0), _) => Framing::None,
        (Some(octets), _) => Framing::Length(octets),
        (None, _) => Framing::UntilClose,
    };
    // A server that sends the body which an answer to HEAD, a 204 or a 304 only announces would answer the next request with it.
    let announced = framing == Framing::None && (chunked || length.is_some_and(|octets| octets > 0));
    let reusable = framing != Framing::UntilClose && !announced;
    Ok((framing, !close && (version == 1 || keep) && reusable))
}

fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    digits.iter().try_fold(0u64, |sum, digit| {
        sum.checked_mul(10)?.checked_add(u64::from(digit & 15))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn head(text: &str) -> Result<Option<AnswerHead>, Malformed> {
        read(&mut BytesMut::from(text.as_bytes()), false)
    }

    #[test]
    fn framing_has_one_meaning() {
        for (fields, framing, keep_alive) in [
            ("content-length: 5\r\n", Framing::Length(5), true),
            ("Content-Length: 0\r\n", Framing::None, true),
            ("transfer-encoding: Chunked\r\n", Framing::Chunked, true),
            ("", Framing::UntilClose, false),
            (
                "content-length: 5\r\nconnection: x, Close\r\n",
                Framing::Length(5),
                false,
            ),
        ] {
            let head = head(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).unwrap().unwrap();
            assert_eq!((head.framing, head.keep_alive), (framing, keep_alive), "{fields}");
        }
        let old = head("HTTP/1.0 200 OK\r\ncontent-length: 5\r\nconnection: keep-alive\r\n\r\n")
            .unwrap()
            .unwrap();
        assert!(old.keep_alive);
        assert!(
            !head("HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\n")
                .unwrap()
                .unwrap()
                .keep_alive
        );
        for (fields, keep_alive) in [
            ("", true),
            ("content-length: 0\r\n", true),
            ("content-length: 5\r\n", false),
        ] {
            let head = head(&format!("HTTP/1.1 304 Not Modified\r\n{fields}\r\n"))
                .unwrap()
                .unwrap();
            assert_eq!((head.framing, head.keep_alive), (Framing::None, keep_alive), "{fields}");
        }
    }

    #[test]
    fn two_meanings_are_malformed() {
        for fields in [
            "content-length: 5\r\ntransfer-encoding: chunked\r\n",
            "content-length: 5\r\ncontent-length: 5\r\n",
            "content-length: 5, 5\r\n",
            "content-length: +5\r\n",
            "content-length: \r\n",
            "content-length: 99999999999999999999999\r\n",
            "transfer-encoding: gzip, chunked\r\n",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            "transfer-encoding: identity\r\n",
            "content-length : 5\r\n",
            "folded: a\r\n b\r\n",
        ] {
            assert_eq!(
                head(&format!("HTTP/1.1 200 OK\r\n{fields}\r\n")).err(),
                Some(Malformed),
                "{fields:?}"
            );
        }
        assert_eq!(
            head("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").err(),
            Some(Malformed)
        );
        assert_eq!(head("SSH-2.0-OpenSSH\r\n\r\n").err(), Some(Malformed));
        for text in [
            "HTTP/1.1 200 OK\ncontent-length: 5\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\n\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\n",
        ] {
            assert_eq!(head(text).err(), Some(Malformed), "{text:?}");
        }
        assert_eq!(
            head(&format!("HTTP/1.1 200 OK\r\nlong: {}", "x".repeat(LONGEST))).err(),
            Some(Malformed)
        );
    }

    #[test]
    fn a_head_is_read_when_its_last_octet_is_here() {
        let whole = "HTTP/1.1 200 OK\r\nX-Name: Value \r\ncontent-length: 2\r\n\r\nab";
        for cut in 0..whole.len() - 2 {
            assert!(head(whole.get(..cut).unwrap()).unwrap().is_none(), "{cut}");
        }
        let mut buffer = BytesMut::from(whole.as_bytes());
        let head = read(&mut buffer, false).unwrap().unwrap();
        assert_eq!(
            head.headers.first().unwrap(),
            &(Bytes::from("x-name"), Bytes::from("Value"))
        );
        assert_eq!(&*buffer, b"ab");
    }
}
