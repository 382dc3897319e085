//! Finds the end of a line: CRLF and nothing else (RFC 9112 section 2.2); knows nothing of what the line says.

use memchr::memchr2;
use yett_engine::reason;

use super::judge::{Judge, Refusal};

/// A line that ended.
pub(super) struct Line {
    /// Where its text ends.
    pub(super) end: usize,
    /// Where the next line starts.
    pub(super) next: usize,
}

/// The next line end in `window` from `scan` on; `scan` moves over what need not be looked at again.
pub(super) fn find(window: &[u8], scan: &mut usize, judge: Judge) -> Result<Option<Line>, Refusal> {
    let rest = window.get(*scan..).unwrap_or_default();
    let Some(found) = memchr2(b'\r', b'\n', rest) else {
        *scan = window.len();
        return Ok(None);
    };
    let end = *scan + found;
    match (rest.get(found), rest.get(found + 1)) {
        (Some(b'\r'), Some(b'\n')) => Ok(Some(Line { end, next: end + 2 })),
        (Some(b'\r'), None) => {
            *scan = end;
            Ok(None)
        }
        (Some(b'\r'), Some(_)) => {
            judge.refuse(reason::ADMIT_CR_BARE)?;
            Ok(Some(Line { end, next: end + 1 }))
        }
        _ => {
            judge.refuse(reason::ADMIT_LF_BARE)?;
            Ok(Some(Line { end, next: end + 1 }))
        }
    }
}
