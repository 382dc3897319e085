//! What a reply's status and headers decide before its body is read: whether there is one, who reads it, whether it may leave.
//!
//! * The most exact declared reply counts: `404`, then `4XX`, then `default`. A 304 is declared where a 200 is: it says
//!   "what you have is still that 200".
//! * JSON with a schema is read. What the description declares and nothing can read (an image, a CSV, JSON without a schema)
//!   is passed on.
//! * An error that the description does not declare, or not with this body, keeps its status and gets a problem document in
//!   place of its body. Any other undeclared reply is withheld.
//! * Where a reply is declared without a body: that of a redirection is thrown away (RFC 9110 15.4: a note for humans), that
//!   of an error is replaced, and a success that has one is withheld, because nobody said what may be in it.
//!
//! What is thrown away, replaced or withheld passes where the contract only reports on replies.

use bytes::Bytes;

use crate::plan::{Api, Operation, Plan, ReplyPlan, Schema, UndeclaredErrors};
use crate::reason::{self, Reason};
use crate::steps::authorize::Pass;
use crate::steps::media::{Media, is_identity};

/// What must happen to a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// There is no body.
    Bare,
    /// A redirection's body, which does not go on.
    Note,
    /// The body goes on unread.
    Unread,
    /// The body is JSON, and this schema judges it.
    Read(Schema),
    /// There must be no body.
    Empty,
    /// The status goes on, the body does not, because of this.
    Replace(Reason),
    /// The description does not declare the status: the guard `contract` says what follows.
    Undeclared,
    /// It cannot be read, and must be.
    Unreadable(Reason),
}

pub(super) fn of(pass: &Pass, plan: &Plan, status: u16, headers: &[(Bytes, Bytes)]) -> Course {
    let call = pass.input().caller().call();
    let (Some(api), Some(operation)) = (call.api(plan), call.operation(plan)) else {
        return Course::Unread;
    };
    let is_bare = call.request().method().name() == "HEAD" || matches!(status, 100..=199 | 204 | 304);
    match declared(operation, status) {
        Some(_) if is_bare => Course::Bare,
        Some(reply) if reply.content.is_empty() => bodiless(api, status),
        Some(reply) => with_body(reply, api, status, headers),
        None if !matches!(status, 400..=599) => Course::Undeclared,
        None if is_bare => Course::Bare,
        None => error(api, reason::CONTRACT_REPLY_STATUS),
    }
}

/// The reply that the description declares for a status.
fn declared(operation: &Operation, status: u16) -> Option<&ReplyPlan> {
    let digit = |value: u16| char::from(b'0'.saturating_add(u8::try_from(value % 10).unwrap_or_default()));
    let class = digit(status / 100);
    let exact = [class, digit(status / 10), digit(status)];
    let is_named = |key: &str| key.chars().eq(exact) || key.chars().eq([class, 'X', 'X']);
    // Keys are sorted, and digits sort before `X`.
    let named = operation
        .replies
        .iter()
        .find(|(key, _)| is_named(key))
        .map(|(_, reply)| reply);
    named
        .or_else(|| operation.replies.get("default"))
        .or_else(|| if status == 304 { declared(operation, 200) } else { None })
}

fn bodiless(api: &Api, status: u16) -> Course {
    match status {
        300..=399 => Course::Note,
        400..=599 => error(api, reason::RECEIVE_MEDIA_UNDECLARED),
        _ => Course::Empty,
    }
}

fn error(api: &Api, reason: Reason) -> Course {
    match api.contract.undeclared_errors {
        UndeclaredErrors::Replace => Course::Replace(reason),
        UndeclaredErrors::Pass => Course::Unread,
    }
}

fn with_body(reply: &ReplyPlan, api: &Api, status: u16, headers: &[(Bytes, Bytes)]) -> Course {
    let values = |name: &'static [u8]| {
        headers
            .iter()
            .filter(move |(known, _)| known.as_ref() == name)
            .map(|(_, value)| value.as_ref())
    };
    let mut types = values(b"content-type");
    let (first, second) = (types.next(), types.next());
    let media = first.filter(|_| second.is_none()).and_then(Media::parse);
    let found = media.and_then(|media| Some((media, entry(reply, &media)?)));
    match found {
        Some((_, None)) => Course::Unread,
        Some((media, Some(schema))) if media.is_json() && media.is_utf8() => {
            if values(b"content-encoding").all(is_identity) {
                Course::Read(schema)
            } else {
                Course::Unreadable(reason::RECEIVE_CODING_UNSUPPORTED)
            }
        }
        _ if matches!(status, 400..=599) => error(api, reason::RECEIVE_MEDIA_UNDECLARED),
        _ if first.is_none() => Course::Empty,
        _ => Course::Unreadable(reason::RECEIVE_MEDIA_UNDECLARED),
    }
}

/// The most exact entry: the media type, its range, `*/*`.
fn entry(reply: &ReplyPlan, media: &Media<'_>) -> Option<Option<Schema>> {
    let by = |fits: &dyn Fn(&str) -> bool| reply.content.iter().find(|(known, _)| fits(known));
    by(&|known| media.is(known))
        .or_else(|| by(&|known| known != "*/*" && media.is_in(known)))
        .or_else(|| by(&|known| known == "*/*"))
        .map(|(_, schema)| *schema)
}
