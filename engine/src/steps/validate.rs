//! validate: Caller + body → Input. Proves form: parameters read by their style, bodies read by the strict reader, or refused.

use bytes::Bytes;
use serde_json::Value;

use super::body;
use super::media::{Media, is_identity};
use super::parameters;
use crate::json::Fault;
use crate::judge::{Judge, Stop};
use crate::plan::{BodyPlan, Contract, Plan, Schema};
use crate::reason::{self, Reason};
use crate::steps::authenticate::Caller;
use crate::steps::resolve::Call;

/// What the shell must do with a request's body before validate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyNeed {
    /// Read it whole, up to so many bytes; more is `validate.body.too_large`.
    Hold {
        /// Bytes.
        limit: u64,
    },
    /// Pass it on as it comes, up to so many bytes; more is a reset on both sides.
    Stream {
        /// Bytes.
        limit: u64,
    },
}

/// A request's body as the shell has it.
#[derive(Clone, Debug)]
pub enum Body {
    /// There is none.
    None,
    /// All of it.
    Held(Bytes),
    /// It follows; nothing will read it.
    Streamed,
}

/// A request whose every part has been read.
#[derive(Debug)]
pub struct Input {
    caller: Caller,
    /// Typed values of the parameters that came, by index into the operation's parameters.
    parameters: Vec<(usize, Value)>,
    body: Body,
    json: Option<(Value, Option<Schema>)>,
}

impl Input {
    /// The caller.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// Typed values of the parameters that came, by index into the operation's parameters.
    pub fn parameters(&self) -> &[(usize, Value)] {
        &self.parameters
    }

    /// The body with the schema of its media type, where it has one.
    pub(crate) fn described(&self) -> Option<(&Value, Schema)> {
        self.json.as_ref().and_then(|(value, schema)| Some((value, (*schema)?)))
    }

    /// The bytes that go on.
    pub(crate) fn body(&self) -> &Body {
        &self.body
    }
}

impl Caller {
    /// What must happen to this caller's body.
    pub fn body_need(&self, plan: &Plan) -> BodyNeed {
        let limit = self.call().api(plan).map_or(0, |api| api.contract.body_bytes);
        match self.call().operation(plan) {
            Some(_) => BodyNeed::Hold { limit },
            None => BodyNeed::Stream { limit },
        }
    }
}

/// Takes the step. A call that no operation describes is passed on unread.
///
/// # Errors
/// `Stop::Deny` with a reason of the control `validate`.
pub(crate) fn validate(caller: Caller, body: Body, judge: &mut Judge<'_>) -> Result<Input, Stop> {
    let plan = judge.plan;
    let call = caller.call();
    let (parameters, json) = match (call.operation(plan), call.api(plan)) {
        (Some(operation), Some(api)) => {
            let parameters = parameters::read(call, operation, api.contract.json_depth, judge)?;
            let json = read_body(call, operation.body.as_ref(), &body, &api.contract, judge)?;
            (parameters, json)
        }
        (None, _) | (_, None) => (Vec::new(), None),
    };
    Ok(Input {
        caller,
        parameters,
        body,
        json,
    })
}

type Read = Option<(Value, Option<Schema>)>;

fn read_body(
    call: &Call,
    planned: Option<&BodyPlan>,
    body: &Body,
    contract: &Contract,
    judge: &mut Judge<'_>,
) -> Result<Read, Stop> {
    let bytes = match body {
        Body::None => &Bytes::new(),
        Body::Held(bytes) => bytes,
        // A shell that streams what it was told to hold is at fault, and nothing goes on.
        Body::Streamed => return Err(reason::ENGINE_DECISION_FAULTED.into()),
    };
    let Some(planned) = planned else {
        if !bytes.is_empty() {
            judge.refuse(reason::VALIDATE_BODY_UNDECLARED)?;
        }
        return Ok(None);
    };
    if bytes.is_empty() {
        if planned.required {
            judge.refuse(reason::VALIDATE_BODY_MISSING)?;
        }
        return Ok(None);
    }
    if bytes.len() as u64 > contract.body_bytes {
        judge.refuse(reason::VALIDATE_BODY_TOO_LARGE)?;
    }
    coding(call, judge)?;
    let schema = media(call, planned, judge)?;
    Ok(strict(bytes, contract, judge)?.map(|value| (value, schema)))
}

fn coding(call: &Call, judge: &mut Judge<'_>) -> Result<(), Stop> {
    if call.request().header("content-encoding").all(is_identity) {
        return Ok(());
    }
    judge.refuse(reason::VALIDATE_CODING_UNSUPPORTED)
}

/// The schema of the declared media type that the body is of; the lenient reading is the first declared one.
fn media(call: &Call, planned: &BodyPlan, judge: &mut Judge<'_>) -> Result<Option<Schema>, Stop> {
    let mut sent = call.request().header("content-type");
    let first = sent.next();
    if sent.next().is_some() {
        judge.refuse(reason::VALIDATE_MEDIA_REPEATED)?;
    }
    let lenient = || planned.content.iter().next().and_then(|(_, schema)| *schema);
    let media = first.map(Media::parse);
    if media == Some(None) {
        judge.refuse(reason::VALIDATE_MEDIA_MALFORMED)?;
        return Ok(lenient());
    }
    let media = media.flatten();
    if media.is_some_and(|media| !media.is_utf8()) {
        judge.refuse(reason::VALIDATE_MEDIA_CHARSET)?;
    }
    let declared = media.and_then(|media| planned.content.iter().find(|(known, _)| media.is(known)));
    match declared {
        Some((_, schema)) => Ok(*schema),
        None => {
            judge.refuse(reason::VALIDATE_MEDIA_UNSUPPORTED)?;
            Ok(lenient())
        }
    }
}

/// The strict reading, or the one that most JSON parsers have: the last of two members, and nothing where that fails too.
fn strict(bytes: &Bytes, contract: &Contract, judge: &mut Judge<'_>) -> Result<Option<Value>, Stop> {
    match body::read(bytes, contract.body_bytes, contract.json_depth, reason_of) {
        Ok(value) => Ok(Some(value)),
        Err(denial) => {
            judge.refuse(denial)?;
            Ok(serde_json::from_str(&String::from_utf8_lossy(bytes)).ok())
        }
    }
}

fn reason_of(fault: &Fault) -> Reason {
    match fault {
        Fault::Empty | Fault::Malformed { .. } | Fault::Unmatched { .. } => reason::VALIDATE_BODY_MALFORMED,
        Fault::Encoding { .. } | Fault::Surrogate { .. } => reason::VALIDATE_BODY_ENCODING,
        Fault::Duplicate { .. } => reason::VALIDATE_BODY_DUPLICATE,
        Fault::TooDeep { .. } => reason::VALIDATE_BODY_TOO_DEEP,
        Fault::TooLong { .. } => reason::VALIDATE_BODY_TOO_LARGE,
        Fault::TooMany { .. } => reason::VALIDATE_BODY_TOO_MANY,
        Fault::NumberTooLong { .. } | Fault::NumberTooLarge { .. } => reason::VALIDATE_BODY_NUMBER,
    }
}
