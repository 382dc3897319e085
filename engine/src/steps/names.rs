//! Names of headers that are one to some reader; nothing is refused here.

/// Whether two names are one to a reader that takes `_` for `-`, as CGI and WSGI do.
pub(crate) fn reads_alike(one: &[u8], other: &[u8]) -> bool {
    let read = |byte: u8| if byte == b'_' { b'-' } else { byte.to_ascii_lowercase() };
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| read(*one) == read(*other))
}
