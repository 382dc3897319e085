//! Classes of octets (RFC 9110 section 5.6) and what is cut by them; knows nothing of requests.

use std::ops::Range;

/// Each octet of a token in lower case, zero for every other octet.
static TOKEN: [u8; 256] = token_table();

const fn token_table() -> [u8; 256] {
    let mut table = [0; 256];
    let mut octet = 0u8;
    while octet < 128 {
        if octet.is_ascii_alphanumeric()
            || matches!(
                octet,
                b'!' | b'#' | b'$' | b'%' | b'&' | b'\'' | b'*' | b'+' | b'-' | b'.' | b'^' | b'_' | b'`' | b'|' | b'~'
            )
        {
            #[expect(clippy::indexing_slicing, reason = "evaluated when compiled")]
            let place = &mut table[octet as usize];
            *place = octet.to_ascii_lowercase();
        }
        octet += 1;
    }
    table
}

/// The octet in lower case if it may stand in a token, else zero.
pub(super) fn token(octet: u8) -> u8 {
    #[expect(clippy::indexing_slicing, reason = "every u8 is below 256")]
    TOKEN[usize::from(octet)]
}

/// How many octets of a token stand at the start of `text`.
pub(super) fn token_length(text: &[u8]) -> usize {
    text.iter().take_while(|octet| token(**octet) != 0).count()
}

/// Turns the token at the start of `text` to lower case in place; its length.
pub(super) fn lower_token(text: &mut [u8]) -> usize {
    let length = text.len();
    for (index, octet) in text.iter_mut().enumerate() {
        let lower = token(*octet);
        if lower == 0 {
            return index;
        }
        *octet = lower;
    }
    length
}

/// Whether a control octet other than HTAB, CR and LF stands in `text`; without a branch, so that it is vectorised.
pub(super) fn has_control(text: &[u8]) -> bool {
    text.iter().fold(false, |found, &octet| {
        let blank = (octet == b'\t') | (octet == b'\r') | (octet == b'\n');
        found | ((octet < 0x20) & !blank) | (octet == 0x7f)
    })
}

/// SP and HTAB.
pub(super) fn is_blank(octet: u8) -> bool {
    octet == b' ' || octet == b'\t'
}

/// `text` without SP and HTAB at its ends.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    text.get(trimmed(text)).unwrap_or_default()
}

/// Where `text` without SP and HTAB at its ends stands in it.
pub(super) fn trimmed(text: &[u8]) -> Range<usize> {
    let start = text.iter().position(|octet| !is_blank(*octet)).unwrap_or(text.len());
    let end = text
        .iter()
        .rposition(|octet| !is_blank(*octet))
        .map_or(start, |last| last + 1);
    start..end
}
