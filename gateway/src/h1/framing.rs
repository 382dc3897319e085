//! What the fields of a head say about the connection: where its body ends, whether it stays open; reads no body itself.

use yett_engine::reason;

use super::head::{Body, Version};
use super::judge::{Judge, Refusal};
use super::octets::{token_length, trim};

/// What follows from the fields that frame.
#[derive(Clone, Copy, Debug)]
pub(super) struct Framing {
    pub(super) body: Body,
    pub(super) keep_alive: bool,
    pub(super) expects_continue: bool,
}

/// A field that may stand once: its first value, and whether there was another.
#[derive(Default)]
struct Once<'h> {
    value: Option<&'h [u8]>,
    repeated: bool,
}

impl<'h> Once<'h> {
    fn see(&mut self, value: &'h [u8]) {
        self.repeated |= self.value.is_some();
        self.value.get_or_insert(value);
    }
}

/// Reads the framing of a head (RFC 9112 sections 6 and 9.3, RFC 9110 section 10.1.1).
pub(super) fn of<'h>(
    headers: impl Iterator<Item = (&'h [u8], &'h [u8])>,
    version: Version,
    judge: Judge,
) -> Result<Framing, Refusal> {
    let (mut length, mut coding) = (Once::default(), Once::default());
    let (mut close, mut keep, mut expects_continue) = (false, false, false);
    for (name, value) in headers {
        match name {
            b"content-length" => length.see(value),
            b"transfer-encoding" => coding.see(value),
            b"connection" => {
                for option in value.split(|octet| *octet == b',').map(trim) {
                    close |= option.eq_ignore_ascii_case(b"close");
                    keep |= option.eq_ignore_ascii_case(b"keep-alive");
                }
            }
            b"expect" => {
                expects_continue |= version == Version::Http11 && value.eq_ignore_ascii_case(b"100-continue");
            }
            _ => {}
        }
    }
    let keep_alive = !close && (version == Version::Http11 || keep);
    Ok(Framing {
        body: body(&length, &coding, version, judge)?,
        keep_alive,
        expects_continue,
    })
}

fn body(length: &Once<'_>, coding: &Once<'_>, version: Version, judge: Judge) -> Result<Body, Refusal> {
    if length.value.is_some() && coding.value.is_some() {
        judge.refuse(reason::ADMIT_LENGTH_CONFLICTING)?;
    }
    match (length.value, coding.value) {
        (None, None) => Ok(Body::None),
        (Some(value), _) => content_length(value, length.repeated, judge).map(Body::Length),
        (None, Some(value)) => transfer_encoding(value, coding.repeated, version, judge),
    }
}

/// One length in decimal digits (RFC 9110 section 8.6), which allows to read a repeated one as one; this does not.
fn content_length(value: &[u8], repeated: bool, judge: Judge) -> Result<u64, Refusal> {
    let first = value.split(|octet| *octet == b',').next().unwrap_or_default();
    if repeated || first.len() < value.len() {
        judge.refuse(reason::ADMIT_LENGTH_REPEATED)?;
    }
    let mut digits = trim(first);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        judge.refuse(reason::ADMIT_LENGTH_MALFORMED)?;
        digits = leading_digits(digits);
    }
    if digits.len() > 1 && digits.starts_with(b"0") {
        judge.refuse(reason::ADMIT_LENGTH_PADDED)?;
    }
    let wide = digits.iter().map(|digit| u64::from(digit & 0xf));
    let exact = wide
        .clone()
        .try_fold(0u64, |sum, digit| sum.checked_mul(10)?.checked_add(digit));
    if let Some(length) = exact {
        return Ok(length);
    }
    judge.refuse(reason::ADMIT_LENGTH_TOO_LARGE)?;
    Ok(wide.fold(0, |sum: u64, digit| sum.wrapping_mul(10).wrapping_add(digit)))
}

/// The lenient reading of a length, as `strtol` has it: a sign is skipped, what follows the digits is left.
fn leading_digits(text: &[u8]) -> &[u8] {
    let unsigned = text
        .strip_prefix(b"+")
        .or_else(|| text.strip_prefix(b"-"))
        .unwrap_or(text);
    let length = unsigned.iter().take_while(|octet| octet.is_ascii_digit()).count();
    unsigned.get(..length).unwrap_or_default()
}

/// Exactly one `chunked` (RFC 9112 section 6.1). The lenient reading of anything else looks for the word in it.
fn transfer_encoding(value: &[u8], repeated: bool, version: Version, judge: Judge) -> Result<Body, Refusal> {
    if version == Version::Http10 {
        judge.refuse(reason::ADMIT_CODING_OUTDATED)?;
    }
    if value.eq_ignore_ascii_case(b"chunked") && !repeated {
        return Ok(Body::Chunked);
    }
    let mut codings = value.split(|octet| *octet == b',').map(trim);
    if codings
        .clone()
        .any(|coding| coding.is_empty() || token_length(coding) < coding.len())
    {
        judge.refuse(reason::ADMIT_CODING_MALFORMED)?;
    } else if codings.any(|coding| !coding.eq_ignore_ascii_case(b"chunked")) {
        judge.refuse(reason::ADMIT_CODING_UNSUPPORTED)?;
    } else {
        judge.refuse(reason::ADMIT_CODING_REPEATED)?;
    }
    let chunked = value.to_ascii_lowercase().windows(7).any(|word| word == b"chunked");
    Ok(if chunked { Body::Chunked } else { Body::None })
}
