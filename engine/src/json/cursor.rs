//! Walks over the bytes of a JSON text without building values: for cutting members out, for finding escapes and numbers.
//! It finds where things end; whether the text is JSON is the reader's judgement, and a text that it never saw may be cut
//! wrongly here but not read beyond its end.

/// A position in a text.
pub(super) struct Cursor<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// The next byte behind white space, not consumed.
    pub(super) fn peek(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.text.get(self.at) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Consumes this byte, behind white space.
    pub(super) fn take(&mut self, expected: u8) -> Option<()> {
        (self.peek()? == expected).then(|| self.at += 1)
    }

    /// Consumes a string and returns it with its quotes.
    pub(super) fn string(&mut self) -> Option<&'t [u8]> {
        self.peek();
        let start = self.at;
        self.take(b'"')?;
        loop {
            match self.text.get(self.at)? {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        self.text.get(start..self.at)
    }

    /// Consumes a value of any kind.
    pub(super) fn value(&mut self) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    self.at += 1;
                    depth += 1;
                }
                b'}' | b']' => {
                    self.at += 1;
                    depth = depth.checked_sub(1)?;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                _ => self.scalar()?,
            }
            if depth == 0 {
                return Some(());
            }
        }
    }

    fn scalar(&mut self) -> Option<()> {
        let rest = self.text.get(self.at..)?;
        let length = rest.iter().take_while(|byte| is_word(**byte)).count();
        self.at += length;
        (length > 0).then_some(())
    }
}

/// The offset of the first escape that names half of a surrogate pair.
pub(super) fn lone_surrogate(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == b'\\')?;
        at = match unit(text, at) {
            None => at + 2,
            Some(0xD800..=0xDBFF) if matches!(unit(text, at + 6), Some(0xDC00..=0xDFFF)) => at + 12,
            Some(0xD800..=0xDFFF) => return Some(at),
            Some(_) => at + 6,
        };
    }
}

/// The UTF-16 unit of the `\u` escape at this offset.
fn unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at.checked_add(6)?)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

/// What literals and numbers are made of.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.')
}

/// The start of the run of such bytes around this offset, and its length; empty where there is none.
fn word(text: &[u8], at: usize) -> (usize, usize) {
    let (before, behind) = text.split_at_checked(at).unwrap_or((text, &[]));
    let start = at - before.iter().rev().take_while(|byte| is_word(**byte)).count();
    let end = at + behind.iter().take_while(|byte| is_word(**byte)).count();
    (start, end - start)
}

/// The offset of the first literal or number that is longer than this. A longer run covers one in `longest + 1` bytes, so
/// only these are looked at; strings are told apart only in a text that has such a run.
pub(super) fn long_number(text: &[u8], longest: usize) -> Option<usize> {
    let stride = longest.saturating_add(1);
    let suspect = |at: &usize| word(text, *at).1 > longest;
    (longest..text.len()).step_by(stride).find(suspect)?;
    let mut at = 0;
    loop {
        at += text
            .get(at..)?
            .iter()
            .position(|byte| *byte == b'"' || is_word(*byte))?;
        if text.get(at) == Some(&b'"') {
            let mut string = Cursor { text, at };
            string.string()?;
            at = string.at;
        } else {
            let (start, length) = word(text, at);
            if length > longest {
                return Some(start);
            }
            at += length;
        }
    }
}

/// The start of the number at this offset, if no double holds it.
pub(super) fn infinite_number(text: &str, at: usize) -> Option<usize> {
    let (start, length) = word(text.as_bytes(), at);
    let number: f64 = text.get(start..start.checked_add(length)?)?.parse().ok()?;
    let digit = text
        .as_bytes()
        .get(start..)?
        .iter()
        .find(|byte| **byte != b'-')?
        .is_ascii_digit();
    (number.is_infinite() && digit).then_some(start)
}
