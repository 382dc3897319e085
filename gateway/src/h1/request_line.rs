//! Reads the request line: method SP target SP version, one space each (RFC 9112 section 3); no header enters here.

use std::ops::Range;

use memchr::{memchr, memrchr};
use yett_engine::reason;

use super::head::{Span, Version};
use super::judge::{Judge, Refusal};
use super::octets::{is_blank, token, trimmed};
use super::reader::Limits;

/// The request line as ranges of the head.
#[derive(Clone, Copy, Default)]
pub(super) struct RequestLine {
    pub(super) method: Span,
    pub(super) target: Span,
    pub(super) version: Version,
}

/// Refuses a method as soon as its first wrong octet is here: a TLS hello or binary junk has no line end to wait for.
pub(super) fn refuse_method(text: &[u8], limits: &Limits, judge: Judge) -> Result<(), Refusal> {
    for (index, octet) in text.iter().enumerate() {
        match *octet {
            b' ' if index > 0 => return Ok(()),
            b' ' | b'\t' => return judge.refuse(reason::ADMIT_LINE_MALFORMED),
            b'\r' | b'\n' => return Ok(()),
            other if token(other) == 0 => return judge.refuse(reason::ADMIT_METHOD_MALFORMED),
            _ if index >= limits.method_bytes => return judge.refuse(reason::ADMIT_METHOD_TOO_LONG),
            _ => {}
        }
    }
    Ok(())
}

/// Reads a request line whose method was looked at.
pub(super) fn parse(line: &[u8], limits: &Limits, judge: Judge) -> Result<RequestLine, Refusal> {
    let (method, target, version) = split(line, judge)?;
    if target.len() > limits.target_bytes {
        judge.refuse(reason::ADMIT_TARGET_TOO_LONG)?;
    }
    let version = match version {
        Some(version) => parse_version(line.get(version).unwrap_or_default(), judge)?,
        None => {
            judge.refuse(reason::ADMIT_VERSION_MISSING)?;
            Version::Http10
        }
    };
    Ok(RequestLine {
        method: method.into(),
        target: target.into(),
        version,
    })
}

type Parts = (Range<usize>, Range<usize>, Option<Range<usize>>);

fn split(line: &[u8], judge: Judge) -> Result<Parts, Refusal> {
    let tabbed = memchr(b'\t', line).is_some();
    if let Some(parts) = split_at_spaces(line)
        && !tabbed
    {
        return Ok(parts);
    }
    let (method, target, version) = split_at_blanks(line);
    let simple = version.is_none() && !target.is_empty() && target.start == method.end + 1 && target.end == line.len();
    if tabbed || !simple {
        judge.refuse(reason::ADMIT_LINE_MALFORMED)?;
    }
    Ok((method, target, version))
}

/// The only reading of RFC 9112: two spaces, three parts, none empty.
fn split_at_spaces(line: &[u8]) -> Option<Parts> {
    let first = memchr(b' ', line)?;
    let last = memrchr(b' ', line)?;
    let target = first + 1..last;
    let version = last + 1..line.len();
    let plain = !version.is_empty()
        && !line.get(target.clone())?.is_empty()
        && memchr(b' ', line.get(target.clone())?).is_none();
    plain.then_some((0..first, target, Some(version)))
}

/// The lenient reading: any run of blanks parts, the first word is the method and the last the version.
fn split_at_blanks(line: &[u8]) -> Parts {
    let words = trimmed(line);
    let text = line.get(words.clone()).unwrap_or_default();
    let first = text.iter().position(|octet| is_blank(*octet)).unwrap_or(text.len());
    let last = memrchr(b' ', text)
        .max(memrchr(b'\t', text))
        .filter(|last| *last > first);
    let inner = first..last.unwrap_or(text.len());
    let target = trimmed(text.get(inner).unwrap_or_default());
    let offset = words.start + first;
    let target = offset + target.start..offset + target.end;
    match last {
        Some(last) if !target.is_empty() => (words.start..offset, target, Some(words.start + last + 1..words.end)),
        _ => {
            let target = trimmed(text.get(first..).unwrap_or_default());
            (words.start..offset, offset + target.start..offset + target.end, None)
        }
    }
}

fn parse_version(version: &[u8], judge: Judge) -> Result<Version, Refusal> {
    match version {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9'] => {
            judge.refuse(reason::ADMIT_VERSION_UNSUPPORTED)?;
            Ok(Version::Http11)
        }
        _ => {
            judge.refuse(reason::ADMIT_VERSION_MALFORMED)?;
            Ok(Version::Http11)
        }
    }
}
