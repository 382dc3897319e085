//! Cuts members out of a JSON text and leaves every other byte as it is; never writes a byte of its own.

use std::borrow::Cow;
use std::collections::HashMap;

use bytes::Bytes;

use super::cursor::Cursor;
use super::{Fault, Limits, Pointer};

/// Removes the members that the pointers name, each with one comma, from a text that [`read`](super::read) accepted.
///
/// A pointer below another one is included in it. What is removed is always a member of an object: an element of an array
/// is not, nor is the whole text.
///
/// # Errors
/// `Unmatched` where a pointer names no member, `Malformed` where the text was never read: then nothing may be sent.
pub fn splice(text: &Bytes, pointers: &[Pointer]) -> Result<Bytes, Fault> {
    if pointers.is_empty() {
        return Ok(text.clone());
    }
    let mut doomed = Doomed::default();
    pointers.iter().for_each(|pointer| doomed.add(pointer));
    let mut cuts = Cuts {
        cursor: Cursor::new(text),
        text,
        kept: 0,
        out: Vec::with_capacity(text.len()),
    };
    let walked = cuts.walk(&mut doomed, 0);
    let rest = text.get(cuts.kept..).filter(|_| walked.is_some());
    let Some(rest) = rest else {
        return Err(Fault::Malformed {
            offset: cuts.cursor.at(),
        });
    };
    if let Some(tokens) = doomed.unmatched() {
        return Err(Fault::Unmatched {
            pointer: Pointer::from_tokens(tokens.into_iter().rev()),
        });
    }
    cuts.out.extend_from_slice(rest);
    Ok(cuts.out.into())
}

/// The pointers as a tree.
#[derive(Default)]
struct Doomed<'p> {
    cut: bool,
    met: bool,
    below: HashMap<&'p str, Doomed<'p>>,
}

impl<'p> Doomed<'p> {
    fn add(&mut self, pointer: &'p Pointer) {
        let mut node = self;
        for token in pointer.tokens() {
            if node.cut {
                return;
            }
            node = node.below.entry(token).or_default();
        }
        node.cut = true;
        node.below.clear();
    }

    /// The tokens, last first, of a pointer that was never met.
    fn unmatched(&self) -> Option<Vec<&'p str>> {
        if self.cut {
            return (!self.met).then(Vec::new);
        }
        self.below.iter().find_map(|(token, node)| {
            let mut tokens = node.unmatched()?;
            tokens.push(token);
            Some(tokens)
        })
    }
}

struct Cuts<'t> {
    cursor: Cursor<'t>,
    text: &'t [u8],
    /// Everything before this offset is either in `out` or cut.
    kept: usize,
    out: Vec<u8>,
}

impl Cuts<'_> {
    fn walk(&mut self, doomed: &mut Doomed<'_>, depth: usize) -> Option<()> {
        if doomed.below.is_empty() || depth > Limits::DEEPEST {
            return self.cursor.value();
        }
        match self.cursor.peek()? {
            b'{' => self.object(doomed, depth),
            b'[' => self.array(doomed, depth),
            _ => self.cursor.value(),
        }
    }

    fn array(&mut self, doomed: &mut Doomed<'_>, depth: usize) -> Option<()> {
        self.cursor.take(b'[')?;
        if self.cursor.peek()? == b']' {
            return self.cursor.take(b']');
        }
        for index in 0_usize.. {
            match doomed.below.get_mut(index.to_string().as_str()) {
                Some(below) => self.walk(below, depth + 1)?,
                None => self.cursor.value()?,
            }
            if self.cursor.take(b',').is_none() {
                break;
            }
        }
        self.cursor.take(b']')
    }

    fn object(&mut self, doomed: &mut Doomed<'_>, depth: usize) -> Option<()> {
        self.cursor.take(b'{')?;
        // Where the text behind `{` or `,` begins, white space included.
        let mut start = self.cursor.at();
        if self.cursor.peek()? == b'}' {
            return self.cursor.take(b'}');
        }
        let mut survivors = 0_usize;
        loop {
            let cut = self.member(doomed, depth)?;
            let end = self.cursor.at();
            let more = self.cursor.take(b',').is_some();
            match (cut, survivors) {
                (false, _) => survivors += 1,
                (true, 0) if more => self.cut(start, self.cursor.at())?,
                (true, 0) => self.cut(start, end)?,
                (true, _) => self.cut(start.checked_sub(1)?, end)?,
            }
            if !more {
                return self.cursor.take(b'}');
            }
            start = self.cursor.at();
        }
    }

    /// Consumes one member and says whether it goes.
    fn member(&mut self, doomed: &mut Doomed<'_>, depth: usize) -> Option<bool> {
        let name = name(self.cursor.string()?)?;
        self.cursor.take(b':')?;
        match doomed.below.get_mut(name.as_ref()) {
            Some(below) if below.cut => below.met = true,
            Some(below) => return self.walk(below, depth + 1).map(|()| false),
            None => return self.cursor.value().map(|()| false),
        }
        self.cursor.value().map(|()| true)
    }

    fn cut(&mut self, from: usize, to: usize) -> Option<()> {
        self.out.extend_from_slice(self.text.get(self.kept..from)?);
        self.kept = to;
        Some(())
    }
}

/// A member's name, given with its quotes.
fn name(quoted: &[u8]) -> Option<Cow<'_, str>> {
    if quoted.contains(&b'\\') {
        return serde_json::from_slice(quoted).ok().map(Cow::Owned);
    }
    let inner = quoted.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    str::from_utf8(inner).ok().map(Cow::Borrowed)
}
