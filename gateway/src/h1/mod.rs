//! The reader of HTTP/1: bytes in, events out; no I/O, no clock, and nothing that answers or forwards may enter here.
//!
//! It owns the framing of a whole connection: head, body by length or by chunks, next head. Whatever two parsers could read
//! in two ways is refused, each with its own reason of `src/yett/catalogue/admit.toml`, and never repaired. Its property:
//! fed whole or byte by byte, the events are the same (neighbouring `Data` counted as one).
//!
//! Decisions where RFC 9112 leaves room:
//! * one empty line before a request line is skipped (section 2.2), a second is refused;
//! * chunk extensions that keep to the grammar are ignored (7.1.1), others are refused, and so are too many bytes of them;
//! * trailer fields are refused (7.1.2 would allow to drop them): nothing that a client sent is lost in silence;
//! * what an octet of the target means, and fields that do not frame (`Upgrade`, an unknown `Expect`), are judged by the
//!   step admit, which asks for the same in every shell.
//!
//! A line is searched for in the first `limit` bytes only, so no refusal depends on how the bytes arrived.

mod chunk;
mod framing;
mod head;
mod judge;
mod line;
mod octets;
pub mod proof;
mod reader;
mod request_line;

use yett_engine::Reason;

pub use head::{Body, RawHead, Version};
pub use judge::Refusal;
pub use reader::{Event, Limits, Reader};

/// What the fields of a head say that another protocol frames: the length of its body, and whether its client waits for
/// `100 (Continue)`.
///
/// # Errors
/// The reason why they have more than one meaning.
pub(crate) fn announced<'h>(headers: impl Iterator<Item = (&'h [u8], &'h [u8])>) -> Result<(Body, bool), Reason> {
    match framing::of(headers, Version::Http11, judge::Judge::default()) {
        Ok(framing) => Ok((framing.body, framing.expects_continue)),
        Err(refusal) => Err(refusal.reason),
    }
}
