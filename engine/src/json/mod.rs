//! Reads JSON from strangers strictly, so that what was judged has one meaning, and cuts members out of it; knows nothing
//! of HTTP, plans or schemas.
//!
//! RFC 8259 leaves to each parser what two members of one name, a lone surrogate or a number beyond a double mean. Two
//! parsers that disagree are an attack, so [`read`] refuses these texts, and a text that it accepts may be forwarded as it is.

mod cursor;
mod fault;
mod pointer;
mod read;
mod splice;

pub use fault::Fault;
pub use pointer::Pointer;
pub(crate) use pointer::escape;
pub use read::read;
pub use splice::splice;

/// What a text may cost; every number is inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the text in bytes.
    pub bytes: usize,
    /// Arrays and objects within each other; a scalar has depth 0. Never more than [`Limits::DEEPEST`].
    pub depth: usize,
    /// Values in the whole text, because a value takes up to a hundred times the bytes of its text.
    pub values: usize,
    /// Length of the text of one number in bytes.
    pub number: usize,
}

impl Limits {
    /// The most that `depth` can allow: both serde_json and the cutting of members stop there.
    pub const DEEPEST: usize = 120;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 1 << 20,
            depth: 32,
            values: 100_000,
            number: 128,
        }
    }
}

/// A text that [`read`] accepted; nothing else builds one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value(serde_json::Value);

impl Value {
    /// The value without the proof that it was read strictly.
    #[must_use]
    pub fn into_inner(self) -> serde_json::Value {
        self.0
    }
}

impl AsRef<serde_json::Value> for Value {
    fn as_ref(&self) -> &serde_json::Value {
        &self.0
    }
}

impl std::ops::Deref for Value {
    type Target = serde_json::Value;

    fn deref(&self) -> &serde_json::Value {
        &self.0
    }
}
