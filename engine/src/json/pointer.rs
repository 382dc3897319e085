//! JSON pointers (RFC 6901), and the place of the value that is being read, from which a pointer is made on a fault.

use std::fmt;

/// A JSON pointer: the names and indexes on the way from the whole text to a value; without any, the whole text.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Pointer(Vec<Box<str>>);

impl Pointer {
    /// Reads a pointer; `None` where it is not one, such as `a/b` or `/~2`.
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::default());
        }
        text.strip_prefix('/')?
            .split('/')
            .map(unescape)
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The pointer with these names, not escaped.
    pub fn from_tokens<T: Into<Box<str>>>(tokens: impl IntoIterator<Item = T>) -> Self {
        Self(tokens.into_iter().map(Into::into).collect())
    }

    /// The names and indexes, not escaped.
    pub fn tokens(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }
}

/// A name as it stands in the text of a pointer.
pub(crate) fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn unescape(token: &str) -> Option<Box<str>> {
    let lone_tilde = token.split('~').skip(1).any(|rest| !rest.starts_with(['0', '1']));
    (!lone_tilde).then(|| token.replace("~1", "/").replace("~0", "~").into())
}

impl fmt::Display for Pointer {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|token| write!(to, "/{}", escape(token)))
    }
}

/// Where the reader stands: a list on the stack that costs nothing until there is a fault.
pub(super) enum Place<'a> {
    Whole,
    Member(&'a Place<'a>, &'a str),
    Element(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// Names longer than this are cut in a fault: the sender chose them, and pays for evidence and answer otherwise.
    const LONGEST_NAME: usize = 64;

    pub(super) fn pointer(&self) -> Pointer {
        let mut tokens = Vec::new();
        let mut place = self;
        loop {
            place = match place {
                Place::Whole => break,
                Place::Member(parent, name) => {
                    tokens.push(shorten(name));
                    parent
                }
                Place::Element(parent, index) => {
                    tokens.push(index.to_string().into());
                    parent
                }
            };
        }
        tokens.reverse();
        Pointer(tokens)
    }
}

fn shorten(name: &str) -> Box<str> {
    match name.get(..name.floor_char_boundary(Place::LONGEST_NAME)) {
        Some(start) if start.len() < name.len() => format!("{start}…").into(),
        _ => name.into(),
    }
}
