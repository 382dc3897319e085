//! authorize: Input → Permit. Says yes, once; a permit is spent by forwarding and by nothing else.

use crate::judge::{Judge, Stop};
use crate::methods::{role, scope};
use crate::plan::Plan;
use crate::steps::authenticate::Caller;
use crate::steps::forward::{self, Forward, Wire};
use crate::steps::validate::Input;

/// The only thing that a shell can send to an upstream. It is spent by use.
#[derive(Debug)]
pub struct Permit {
    input: Input,
}

/// The right to have one reply judged; what is left of a permit when its request has been sent.
#[derive(Debug)]
pub struct Pass {
    input: Input,
}

impl Permit {
    /// Turns the permit into what goes to the upstream, and the pass by which the reply is judged.
    pub(crate) fn spend(self, plan: &Plan, wire: &Wire) -> (Forward, Pass) {
        let forward = forward::write(&self.input, plan, wire);
        (forward, Pass { input: self.input })
    }

    /// The input that was judged.
    pub fn input(&self) -> &Input {
        &self.input
    }
}

impl Pass {
    /// The input that was judged.
    pub fn input(&self) -> &Input {
        &self.input
    }
}

/// The yes of the methods that need only the caller; it travels in Caller, and only this file makes one.
#[derive(Debug)]
pub(crate) struct Granted(());

/// The methods that need only the caller, asked before the body is read: they can only say no here.
///
/// # Errors
/// `Stop::Deny` with a reason of a method.
pub(crate) fn ask(caller: Caller, judge: &mut Judge<'_>) -> Result<Caller, Stop> {
    scope::ask(&caller, judge)?;
    role::ask(&caller, judge)?;
    Ok(caller.grant(Granted(())))
}

/// Takes the step: completes the yes with what only the input can tell.
///
/// # Errors
/// `Stop::Deny` with a reason of a method; a caller that was never asked (decide asks all) is asked now.
pub(crate) fn authorize(input: Input, judge: &mut Judge<'_>) -> Result<Permit, Stop> {
    if input.caller().granted().is_none() {
        scope::ask(input.caller(), judge)?;
        role::ask(input.caller(), judge)?;
    }
    Ok(Permit { input })
}
