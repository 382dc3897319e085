//! The whole gateway in three short functions. Read this file first; nothing but the ladder may stand in it.

use crate::guards::{ON_CALLER, ON_INPUT, ON_REPLY, ON_REQUEST, stand};
use crate::judge::{Judge, Stop};
use crate::reply::receive::{Answer, Reply, receive};
use crate::steps::admit::{Head, admit};
use crate::steps::authenticate::{Caller, authenticate};
use crate::steps::authorize::{Pass, Permit, ask, authorize};
use crate::steps::resolve::{Preflight, Resolved, resolve};
use crate::steps::validate::{Body, validate};

/// What the head alone decides.
#[derive(Debug)]
pub enum Opened {
    /// The caller may send a body.
    Caller(Box<Caller>),
    /// An answer that needs no upstream.
    Preflight(Preflight),
}

pub(crate) fn head(head: &Head, judge: &mut Judge<'_>) -> Result<Opened, Stop> {
    let request = admit(head, judge)?;
    let request = stand(ON_REQUEST, request, judge)?;
    let call = match resolve(request, judge)? {
        Resolved::Call(call) => call,
        Resolved::Preflight(preflight) => return Ok(Opened::Preflight(preflight)),
    };
    let caller = authenticate(call, judge)?;
    let caller = stand(ON_CALLER, caller, judge)?;
    Ok(Opened::Caller(Box::new(ask(caller, judge)?)))
}

pub(crate) fn body(caller: Caller, body: Body, judge: &mut Judge<'_>) -> Result<Permit, Stop> {
    let input = validate(caller, body, judge)?;
    let input = stand(ON_INPUT, input, judge)?;
    authorize(input, judge)
}

pub(crate) fn reply(pass: Pass, answer: Answer, judge: &mut Judge<'_>) -> Result<Reply, Stop> {
    let reply = receive(pass, answer, judge)?;
    stand(ON_REPLY, reply, judge)
}
