//! Why a JSON text is refused, and where; never the text itself, which may hold a secret.

use std::fmt;

use super::Pointer;

/// Why a text is not read, or not cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no value: nothing, or only white space.
    Empty,
    /// The text is not JSON: a syntax error, a control character, NaN, a leading zero, data after the value.
    Malformed {
        /// Byte offset at or just behind what is wrong.
        offset: usize,
    },
    /// The text is not UTF-8, or begins with a byte order mark.
    Encoding {
        /// Byte offset of the first byte that is wrong.
        offset: usize,
    },
    /// An escape names half of a surrogate pair, which is no character.
    Surrogate {
        /// Byte offset of the escape's backslash.
        offset: usize,
    },
    /// An object has two members of one name.
    Duplicate {
        /// The member.
        pointer: Pointer,
    },
    /// Arrays and objects lie deeper within each other than allowed.
    TooDeep {
        /// The first array or object that is too deep.
        pointer: Pointer,
    },
    /// The text is longer than allowed.
    TooLong {
        /// Bytes found.
        found: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// The text holds more values than allowed.
    TooMany {
        /// The first value beyond the limit.
        pointer: Pointer,
    },
    /// A number is written with more characters than allowed.
    NumberTooLong {
        /// Byte offset of its first character.
        offset: usize,
    },
    /// A number is beyond what a double can hold: some parsers read infinity.
    NumberTooLarge {
        /// Byte offset of its first character.
        offset: usize,
    },
    /// A member that should be cut out does not exist; so the whole text must be withheld.
    Unmatched {
        /// The pointer that names no member.
        pointer: Pointer,
    },
}

impl Fault {
    /// The place as a JSON pointer, where the fault has one.
    pub fn pointer(&self) -> Option<&Pointer> {
        match self {
            Self::Duplicate { pointer }
            | Self::TooDeep { pointer }
            | Self::TooMany { pointer }
            | Self::Unmatched { pointer } => Some(pointer),
            Self::Empty
            | Self::Malformed { .. }
            | Self::Encoding { .. }
            | Self::Surrogate { .. }
            | Self::NumberTooLong { .. }
            | Self::NumberTooLarge { .. }
            | Self::TooLong { .. } => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => to.write_str("found nothing, expected one JSON value"),
            Self::Malformed { offset } => write!(to, "byte {offset}: not JSON"),
            Self::Encoding { offset } => write!(to, "byte {offset}: not UTF-8 without byte order mark"),
            Self::Surrogate { offset } => write!(to, "byte {offset}: escape of half a surrogate pair"),
            Self::Duplicate { pointer } => write!(to, "{pointer}: member stands twice"),
            Self::TooDeep { pointer } => write!(to, "{pointer}: deeper than allowed"),
            Self::TooLong { found, limit } => write!(to, "found {found} bytes, expected at most {limit}"),
            Self::TooMany { pointer } => write!(to, "{pointer}: more values than allowed"),
            Self::NumberTooLong { offset } => write!(to, "byte {offset}: number with more characters than allowed"),
            Self::NumberTooLarge { offset } => write!(to, "byte {offset}: number beyond a double"),
            Self::Unmatched { pointer } => write!(to, "{pointer}: no such member"),
        }
    }
}

impl std::error::Error for Fault {}
