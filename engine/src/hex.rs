//! Hexadecimal digits, both ways; nothing else.

/// The bytes of an even number of hex digits.
#[must_use]
pub fn read(text: &str) -> Option<Vec<u8>> {
    let digit = |octet: &u8| {
        char::from(*octet)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    text.len().is_multiple_of(2).then_some(())?;
    text.as_bytes()
        .chunks(2)
        .map(|pair| match pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

/// Appends bytes as lower-case hex digits.
pub fn write(bytes: &[u8], to: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).copied().unwrap_or(b'0');
    to.extend(bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
}

/// Bytes as lower-case hex digits.
#[must_use]
pub fn of(bytes: &[u8]) -> String {
    let mut digits = Vec::with_capacity(2 * bytes.len());
    write(bytes, &mut digits);
    digits.into_iter().map(char::from).collect()
}
