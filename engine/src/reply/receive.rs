//! receive: answer → Reply. Reads what must be read of a reply, and withholds what cannot be; nothing is sent from here.
//!
//! Where the contract of an API only reports on replies, so does receive, as far as it can: what nobody's judgement needs is
//! passed on unread, and the trace says so. A reply without Content-Length that turns out too large is withheld all the same.

use bytes::Bytes;
use serde_json::Value;

use super::course::{self, Course};
use crate::json::{Fault, Pointer};
use crate::judge::{Denial, Judge, Stop};
use crate::plan::{Api, Contract, Mode, Plan, Schema};
use crate::reason::{self, Reason};
use crate::steps::authorize::Pass;
use crate::steps::body;
use crate::steps::validate::Body;

const CONTROL: &str = "receive";

/// What an upstream answered, before anything was judged.
#[derive(Debug)]
pub struct Answer {
    status: u16,
    headers: Vec<(Bytes, Bytes)>,
    body: Body,
}

impl Answer {
    /// An answer with names in lower case.
    pub fn new(status: u16, headers: Vec<(Bytes, Bytes)>, body: Body) -> Self {
        Self { status, headers, body }
    }
}

/// What the shell must do with a reply's body before receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyNeed {
    /// Read it whole, up to so many bytes; more is `receive.body.too_large`.
    Hold {
        /// Bytes.
        limit: u64,
    },
    /// Pass it on as it comes.
    Stream,
    /// Throw it away: it does not go on.
    Discard,
}

/// A reply whose parts have been read.
#[derive(Debug)]
pub struct Reply {
    pass: Pass,
    status: u16,
    headers: Vec<(Bytes, Bytes)>,
    body: Body,
    json: Option<(Value, Schema)>,
    /// Whether the description declares the status.
    declared: bool,
    /// Members that may be spliced out, and what would be left of the body.
    proposed: Option<(Vec<Pointer>, Value)>,
    /// Members that shape splices out.
    dropped: Vec<Pointer>,
    /// The status stays, and the upstream's body does not leave.
    emptied: bool,
    /// A problem document takes its place.
    replaced: bool,
}

impl Reply {
    /// The pass of the request that it answers.
    pub fn pass(&self) -> &Pass {
        &self.pass
    }

    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body with the schema that judges it, where it was read.
    pub(crate) fn described(&self) -> Option<(&Value, Schema)> {
        self.json.as_ref().map(|(value, schema)| (value, *schema))
    }

    /// Whether the description declares the status; always for `unlisted`.
    pub(crate) fn is_declared(&self) -> bool {
        self.declared
    }

    /// Keeps which members the client need not get, and what would be left of the body.
    pub(crate) fn propose(&mut self, pointers: Vec<Pointer>, left: Value) {
        self.proposed = Some((pointers, left));
    }

    /// Marks the proposed members to be spliced out, and says whether any were proposed.
    pub(crate) fn drop_proposed(&mut self) -> bool {
        let Some((pointers, left)) = self.proposed.take() else {
            return false;
        };
        self.dropped.extend(pointers);
        if let Some((value, _)) = &mut self.json {
            *value = left;
        }
        true
    }

    pub(super) fn is_emptied(&self) -> bool {
        self.emptied
    }

    pub(super) fn is_replaced(&self) -> bool {
        self.replaced
    }

    pub(super) fn into_parts(self) -> (Pass, u16, Vec<(Bytes, Bytes)>, Body, Vec<Pointer>) {
        (self.pass, self.status, self.headers, self.body, self.dropped)
    }
}

impl Pass {
    /// What must happen to the body of a reply with this status and these headers.
    pub fn reply_need(&self, plan: &Plan, status: u16, headers: &[(Bytes, Bytes)]) -> ReplyNeed {
        let Some(contract) = contract(self, plan) else {
            return ReplyNeed::Stream;
        };
        let limit = contract.reply_bytes;
        let reports = contract.replies == Mode::Report;
        match course::of(self, plan, status, headers) {
            Course::Read(_) if reports && length(headers).is_some_and(|length| length > limit) => ReplyNeed::Stream,
            Course::Read(_) | Course::Empty => ReplyNeed::Hold { limit },
            Course::Unread => ReplyNeed::Stream,
            Course::Note | Course::Replace(_) | Course::Undeclared | Course::Unreadable(_) if reports => {
                ReplyNeed::Stream
            }
            Course::Bare | Course::Note | Course::Replace(_) | Course::Undeclared | Course::Unreadable(_) => {
                ReplyNeed::Discard
            }
        }
    }
}

fn contract<'p>(pass: &Pass, plan: &'p Plan) -> Option<&'p Contract> {
    let api: &Api = pass.input().caller().call().api(plan)?;
    Some(&api.contract)
}

fn length(headers: &[(Bytes, Bytes)]) -> Option<u64> {
    let (_, value) = headers.iter().find(|(name, _)| name.as_ref() == b"content-length")?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

/// Takes the step.
///
/// # Errors
/// `Stop::Deny` with a reason of the control `receive`.
pub(crate) fn receive(pass: Pass, answer: Answer, judge: &mut Judge<'_>) -> Result<Reply, Stop> {
    let Answer { status, headers, body } = answer;
    let course = course::of(&pass, judge.plan, status, &headers);
    let emptied = match (course, contract(&pass, judge.plan)) {
        (Course::Replace(reason), Some(contract)) => {
            replace(Denial::from(reason).at(status.to_string()), contract, judge)?
        }
        (Course::Note, Some(contract)) => contract.replies == Mode::Enforce,
        _ => course == Course::Bare,
    };
    let body = if emptied { Body::None } else { body };
    let json = match (course, contract(&pass, judge.plan)) {
        (Course::Read(schema), Some(contract)) => read(&body, contract, judge)?.map(|value| (value, schema)),
        (Course::Unreadable(reason), Some(contract)) => withhold(reason.into(), contract, judge).map(|()| None)?,
        (Course::Empty, Some(contract)) if !is_empty(&body) => {
            withhold(reason::RECEIVE_MEDIA_UNDECLARED.into(), contract, judge).map(|()| None)?
        }
        _ => None,
    };
    if matches!(body, Body::Streamed) {
        judge.trace.not_inspected = true;
    }
    Ok(Reply {
        pass,
        status,
        headers,
        body,
        json,
        declared: course != Course::Undeclared,
        proposed: None,
        dropped: Vec::new(),
        // What describes the body of a HEAD or a 304 describes one that is elsewhere.
        emptied: emptied && course != Course::Bare,
        replaced: emptied && matches!(course, Course::Replace(_)),
    })
}

/// Heard in the mode of the contract on replies, whose judgement it would make impossible.
fn withhold(denial: Denial, contract: &Contract, judge: &mut Judge<'_>) -> Result<(), Stop> {
    judge.hear(CONTROL, contract.replies, Err(Stop::Deny(denial)))
}

/// Whether a problem document takes the place of the body; where the contract only reports, or the check is taken out, none
/// does.
fn replace(denial: Denial, contract: &Contract, judge: &mut Judge<'_>) -> Result<bool, Stop> {
    if judge.holds(contract.replies, &denial) {
        judge.altered(&denial);
        return Ok(true);
    }
    withhold(denial, contract, judge).map(|()| false)
}

fn is_empty(body: &Body) -> bool {
    match body {
        Body::None => true,
        Body::Held(bytes) => bytes.is_empty(),
        Body::Streamed => false,
    }
}

/// An empty body is none: nothing leaves with it.
fn read(body: &Body, contract: &Contract, judge: &mut Judge<'_>) -> Result<Option<Value>, Stop> {
    let bytes = match body {
        Body::Held(bytes) if !bytes.is_empty() => bytes,
        Body::Held(_) | Body::None => return Ok(None),
        Body::Streamed => return too_large(contract, judge).map(|()| None),
    };
    if bytes.len() as u64 > contract.reply_bytes {
        too_large(contract, judge)?;
    }
    match body::read(bytes, contract.reply_bytes, contract.json_depth, reason_of) {
        Ok(value) => Ok(Some(value)),
        Err(denial) => withhold(denial, contract, judge).map(|()| None),
    }
}

fn too_large(contract: &Contract, judge: &mut Judge<'_>) -> Result<(), Stop> {
    withhold(reason::RECEIVE_BODY_TOO_LARGE.into(), contract, judge)
}

fn reason_of(fault: &Fault) -> Reason {
    match fault {
        Fault::TooLong { .. } | Fault::TooMany { .. } => reason::RECEIVE_BODY_TOO_LARGE,
        Fault::Empty
        | Fault::Malformed { .. }
        | Fault::Encoding { .. }
        | Fault::Surrogate { .. }
        | Fault::Duplicate { .. }
        | Fault::TooDeep { .. }
        | Fault::NumberTooLong { .. }
        | Fault::NumberTooLarge { .. }
        | Fault::Unmatched { .. } => reason::RECEIVE_BODY_MALFORMED,
    }
}
