//! receive: answer → Reply. Reads what must be read of a reply, and withholds what cannot be; nothing is sent from here.

use bytes::Bytes;
use serde_json::Value;

use crate::json::Pointer;
use crate::judge::{Judge, Stop};
use crate::plan::Plan;
use crate::steps::authorize::Pass;
use crate::steps::validate::Body;

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
    /// Throw it away: a problem document takes its place.
    Discard,
}

/// A reply whose parts have been read.
#[derive(Debug)]
pub struct Reply {
    pass: Pass,
    status: u16,
    headers: Vec<(Bytes, Bytes)>,
    body: Body,
    json: Option<Value>,
    /// JSON pointers of members that shape splices out.
    dropped: Vec<Pointer>,
    /// The status stays, and a problem document takes the place of the body.
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

    /// The body, where it was read.
    pub fn json(&self) -> Option<&Value> {
        self.json.as_ref()
    }

    /// Marks members that the client does not get.
    pub(crate) fn drop_members(&mut self, pointers: impl IntoIterator<Item = Pointer>) {
        self.dropped.extend(pointers);
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
        let _ = (plan, status, headers);
        ReplyNeed::Stream
    }
}

/// Takes the step.
///
/// # Errors
/// `Stop::Deny` with a reason of the control `receive`.
pub fn receive(pass: Pass, answer: Answer, judge: &mut Judge<'_>) -> Result<Reply, Stop> {
    let _ = judge;
    let Answer { status, headers, body } = answer;
    Ok(Reply {
        pass,
        status,
        headers,
        body,
        json: None,
        dropped: Vec::new(),
        replaced: false,
    })
}
