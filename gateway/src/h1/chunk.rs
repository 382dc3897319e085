//! Reads the line that starts a chunk: its size and its extensions (RFC 9112 section 7.1); the chunk's octets pass elsewhere.

use yett_engine::reason;

use super::judge::{Judge, Refusal};
use super::octets::{has_control, token_length};

/// Hexadecimal digits that a size of 64 bits has at most.
const DIGITS: usize = 16;

/// The size in the line of a chunk. `budget` is what extensions of this body may still take.
pub(super) fn size(line: &[u8], budget: &mut usize, judge: Judge) -> Result<u64, Refusal> {
    let mut start = 0;
    let mut end = hex_length(line);
    if end == 0 || !matches!(line.get(end), None | Some(b';')) {
        judge.refuse(reason::ADMIT_CHUNK_MALFORMED)?;
        start = lenient_start(line);
        end = start + hex_length(line.get(start..).unwrap_or_default());
    }
    if end - start > DIGITS {
        judge.refuse(reason::ADMIT_CHUNK_TOO_LARGE)?;
    }
    let extensions = line.get(end..).unwrap_or_default();
    if extensions.first() == Some(&b';') && !well_formed(extensions) {
        judge.refuse(reason::ADMIT_EXTENSION_MALFORMED)?;
    }
    match budget.checked_sub(extensions.len()) {
        Some(left) => *budget = left,
        None => judge.refuse(reason::ADMIT_EXTENSION_TOO_LARGE)?,
    }
    let digits = line.get(start..end).unwrap_or_default();
    Ok(digits.iter().fold(0, |sum: u64, digit| (sum << 4) | hex_value(*digit)))
}

fn hex_length(text: &[u8]) -> usize {
    text.iter().take_while(|octet| octet.is_ascii_hexdigit()).count()
}

fn hex_value(digit: u8) -> u64 {
    char::from(digit).to_digit(16).unwrap_or_default().into()
}

/// The lenient reading of a size, as `strtol` has it: blanks, a sign and `0x` are skipped.
fn lenient_start(line: &[u8]) -> usize {
    let signs = line
        .iter()
        .take_while(|octet| matches!(octet, b' ' | b'\t' | b'+' | b'-'))
        .count();
    let prefixed = line
        .get(signs..)
        .is_some_and(|rest| rest.starts_with(b"0x") || rest.starts_with(b"0X"));
    if prefixed { signs + 2 } else { signs }
}

/// `;name`, `;name=token` and `;name="text"`, without blanks around them and without a backslash in the text.
fn well_formed(mut rest: &[u8]) -> bool {
    while let Some(tail) = rest.strip_prefix(b";") {
        let name = token_length(tail);
        if name == 0 {
            return false;
        }
        rest = tail.get(name..).unwrap_or_default();
        if let Some(tail) = rest.strip_prefix(b"=") {
            let value = value_length(tail);
            if value == 0 {
                return false;
            }
            rest = tail.get(value..).unwrap_or_default();
        }
    }
    rest.is_empty()
}

fn value_length(text: &[u8]) -> usize {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        return token_length(text);
    };
    let length = quoted.iter().position(|octet| *octet == b'"');
    let plain = |length: &usize| {
        quoted
            .get(..*length)
            .is_some_and(|text| !has_control(text) && !text.contains(&b'\\'))
    };
    length.filter(plain).map_or(0, |length| length + 2)
}
