//! The target of a request: its form, its path and its query, decoded once; what can be decoded in two ways is refused.

use super::{Head, Query};
use crate::judge::{Judge, Stop};
use crate::reason;

/// The authority of an absolute target, and the path with its query.
pub(super) fn split<'h>(head: &'h Head, judge: &mut Judge<'_>) -> Result<(Option<&'h [u8]>, &'h [u8]), Stop> {
    let target = head.slice(head.target);
    if target.len() > judge.plan.gateway.head.target as usize {
        judge.refuse(reason::ADMIT_TARGET_TOO_LONG)?;
    }
    if target
        .iter()
        .any(|byte| *byte <= b' ' || *byte >= 0x7f || b"\"<>\\^`{|}#".contains(byte))
    {
        judge.refuse(reason::ADMIT_TARGET_MALFORMED)?;
    }
    if target.first() == Some(&b'/') {
        return Ok((None, target));
    }
    let after_scheme = [&b"http://"[..], b"https://"]
        .into_iter()
        .find(|scheme| {
            target
                .get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        })
        .and_then(|scheme| target.get(scheme.len()..));
    if let Some(rest) = after_scheme
        && let Some(slash) = rest.iter().position(|byte| *byte == b'/')
    {
        let (authority, path) = rest.split_at(slash);
        return Ok((Some(authority), path));
    }
    judge.refuse(reason::ADMIT_TARGET_FORM)?;
    Ok((None, b"/"))
}

pub(super) fn path(raw: &[u8], judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
    let mut decoded = Vec::with_capacity(raw.len());
    let segments = raw.split(|byte| *byte == b'/').count();
    for (number, segment) in raw.split(|byte| *byte == b'/').enumerate().skip(1) {
        decoded.push(b'/');
        if segment.is_empty() && number + 1 < segments {
            judge.refuse(reason::ADMIT_PATH_EMPTY_SEGMENT)?;
            decoded.pop();
            continue;
        }
        let start = decoded.len();
        percent_decode(segment, &mut decoded, false, judge)?;
        let added = decoded.get(start..).unwrap_or_default();
        if added.contains(&b'/') {
            judge.refuse(reason::ADMIT_PATH_ENCODED_SLASH)?;
        }
        let added = decoded.get(start..).unwrap_or_default();
        if added.contains(&b'\\') {
            judge.refuse(reason::ADMIT_PATH_BACKSLASH)?;
        }
        dot_segment(&mut decoded, start, judge)?;
        if has_escape(decoded.get(start.min(decoded.len())..).unwrap_or_default()) {
            judge.refuse(reason::ADMIT_PATH_DOUBLE_ENCODED)?;
            let twice = decoded.split_off(start.min(decoded.len()));
            percent_decode(&twice, &mut decoded, false, judge)?;
        }
    }
    text(decoded, judge)
}

/// `.` and `..`, also with a path parameter (`..;x`), which some servers cut off first.
fn dot_segment(decoded: &mut Vec<u8>, start: usize, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let bare = decoded
        .get(start..)
        .and_then(|segment| segment.split(|byte| *byte == b';').next())
        .unwrap_or_default();
    let up = match bare {
        b"." => false,
        b".." => true,
        _ => return Ok(()),
    };
    judge.refuse(reason::ADMIT_PATH_DOT_SEGMENT)?;
    decoded.truncate(start.saturating_sub(1));
    if up {
        let parent = decoded.iter().rposition(|byte| *byte == b'/').unwrap_or(0);
        decoded.truncate(parent);
    }
    Ok(())
}

fn has_escape(text: &[u8]) -> bool {
    text.windows(3)
        .any(|three| matches!(three, [b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit()))
}

pub(super) fn query(raw: &[u8], judge: &mut Judge<'_>) -> Result<Query, Stop> {
    let mut query = Vec::with_capacity(4);
    for pair in raw.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (pair.get(..at).unwrap_or_default(), pair.get(at + 1..)),
            None => (pair, None),
        };
        let name = decoded_text(name, judge)?;
        let value = value.map(|value| decoded_text(value, judge)).transpose()?;
        query.push((name, value));
    }
    Ok(query)
}

fn decoded_text(raw: &[u8], judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
    let mut decoded = Vec::with_capacity(raw.len());
    percent_decode(raw, &mut decoded, true, judge)?;
    text(decoded, judge)
}

fn text(decoded: Vec<u8>, judge: &mut Judge<'_>) -> Result<Box<str>, Stop> {
    match String::from_utf8(decoded) {
        Ok(text) => Ok(text.into()),
        Err(error) => {
            judge.refuse(reason::ADMIT_TARGET_ENCODING)?;
            Ok(String::from_utf8_lossy(error.as_bytes()).into())
        }
    }
}

fn percent_decode(raw: &[u8], to: &mut Vec<u8>, plus_is_space: bool, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let mut rest = raw;
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (*first, tail) {
            (b'%', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                let byte = nibble(*high) << 4 | nibble(*low);
                if byte == 0 || (!plus_is_space && (byte < b' ' || byte == 0x7f)) {
                    control(byte, judge)?;
                }
                to.push(byte);
                rest = after;
            }
            (b'%', _) => {
                judge.refuse(reason::ADMIT_TARGET_MALFORMED)?;
                to.push(b'%');
            }
            (b'+', _) if plus_is_space => to.push(b' '),
            (byte, _) => to.push(byte),
        }
    }
    Ok(())
}

/// A NUL cuts strings short in C; the other control characters may stand in a query's free text (a line break), not in a path.
fn control(byte: u8, judge: &mut Judge<'_>) -> Result<(), Stop> {
    if byte == 0 {
        judge.refuse(reason::ADMIT_TARGET_NUL)
    } else {
        judge.refuse(reason::ADMIT_TARGET_CONTROL)
    }
}

fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => digit.wrapping_sub(b'A').wrapping_add(10),
    }
}
