//! contract: whether what was read is what the description declares, on the way in (Input) and on the way out (Reply).
//!
//! Places are JSON pointers whose first token says of what: `/body/items/0/price`, `/query/limit`, `/path/id`,
//! `/header/x-tenant`, `/cookie/session`. A place names the value that is wrong, or the member that is missing or undeclared.
//! Undeclared headers and cookies pass: clients, browsers and proxies add their own.

use super::Guard;
use crate::json;
use crate::judge::{Denial, Judge, Stop};
use crate::plan::schemas::Mismatch;
use crate::plan::{Api, Mode, Operation, Plan, UndeclaredFields};
use crate::reason::{self, Reason};
use crate::reply::receive::Reply;
use crate::steps::parameters;
use crate::steps::resolve::Call;
use crate::steps::validate::Input;

const CONTROL: &str = "contract";
/// Places of one refusal, and bytes of one place: strangers choose both.
const MOST_PLACES: usize = 20;
const LONGEST_PLACE: usize = 200;

/// Parameters and bodies of requests.
pub struct OfRequests;

/// Bodies of replies.
pub struct OfReplies;

/// The API and the operation of a call that the description describes.
fn described<'p>(call: &Call, plan: &'p Plan) -> Option<(&'p Api, &'p Operation)> {
    Some((call.api(plan)?, call.operation(plan)?))
}

impl Guard<Input> for OfRequests {
    fn control(&self) -> &'static str {
        CONTROL
    }

    fn mode(&self, input: &Input, plan: &Plan) -> Option<Mode> {
        described(input.caller().call(), plan).map(|(api, _)| api.contract.requests)
    }

    fn look(&self, input: &mut Input, judge: &mut Judge<'_>) -> Result<(), Stop> {
        let Some((api, operation)) = described(input.caller().call(), judge.plan) else {
            return Ok(());
        };
        missing(input, operation, judge)?;
        undeclared(input, operation, judge)?;
        invalid(input, api, operation, judge)?;
        body(input, api, judge)
    }
}

fn missing(input: &Input, operation: &Operation, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let came = |index| input.parameters().iter().any(|(known, _)| *known == index);
    let absent = operation
        .parameters
        .iter()
        .enumerate()
        .filter(|(index, planned)| planned.described.required && !came(*index))
        .map(|(_, planned)| parameters::pointer(&planned.described));
    refuse(reason::CONTRACT_PARAMETER_MISSING, absent, judge)
}

fn undeclared(input: &Input, operation: &Operation, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let call = input.caller().call();
    let names = call
        .request()
        .query()
        .iter()
        .filter(|(name, _)| !parameters::declares(call, operation, name))
        .map(|(name, _)| format!("/query/{}", json::escape(name)));
    refuse(reason::CONTRACT_PARAMETER_UNDECLARED, names, judge)
}

fn invalid(input: &Input, api: &Api, operation: &Operation, judge: &mut Judge<'_>) -> Result<(), Stop> {
    for (index, value) in input.parameters() {
        let Some(planned) = operation.parameters.get(*index) else {
            continue;
        };
        let described = &planned.described;
        if described.allow_empty && value.as_str() == Some("") {
            continue;
        }
        let found = api.schemas.mismatches(planned.schema, value);
        let reason = either(
            &found,
            reason::CONTRACT_PARAMETER_UNDECLARED,
            reason::CONTRACT_PARAMETER_INVALID,
        );
        let places = found
            .iter()
            .map(|mismatch| format!("{}{}", parameters::pointer(described), mismatch.pointer));
        refuse(reason, places, judge)?;
    }
    Ok(())
}

fn body(input: &Input, api: &Api, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let Some((value, schema)) = input.described() else {
        return Ok(());
    };
    let found = api.schemas.mismatches(schema, value);
    let reason = either(&found, reason::CONTRACT_BODY_UNDECLARED, reason::CONTRACT_BODY_INVALID);
    refuse(reason, in_body(&found), judge)
}

impl Guard<Reply> for OfReplies {
    fn control(&self) -> &'static str {
        CONTROL
    }

    fn mode(&self, reply: &Reply, plan: &Plan) -> Option<Mode> {
        described(reply.pass().input().caller().call(), plan).map(|(api, _)| api.contract.replies)
    }

    fn look(&self, reply: &mut Reply, judge: &mut Judge<'_>) -> Result<(), Stop> {
        if !reply.is_declared() {
            judge.refuse(Denial::from(reason::CONTRACT_REPLY_STATUS).at(reply.status().to_string()))?;
        }
        let call = reply.pass().input().caller().call();
        let (Some((api, _)), Some((value, schema))) = (described(call, judge.plan), reply.described()) else {
            return Ok(());
        };
        if api.schemas.conforms(schema, value) {
            return Ok(());
        }
        let mut left = value.clone();
        match api.schemas.surplus(schema, &mut left) {
            Ok(pointers) => {
                let places: Vec<String> = pointers
                    .iter()
                    .take(MOST_PLACES)
                    .map(|pointer| format!("/body{pointer}"))
                    .collect();
                if api.contract.undeclared_fields == UndeclaredFields::Drop {
                    reply.propose(pointers, left);
                }
                refuse(reason::CONTRACT_REPLY_UNDECLARED, places.into_iter(), judge)
            }
            Err(found) => refuse(reason::CONTRACT_REPLY_INVALID, in_body(&found), judge),
        }
    }

    /// Drops what nothing declares, where the plan says so.
    fn amend(&self, reply: &mut Reply, denial: &Denial) -> bool {
        denial.reason == reason::CONTRACT_REPLY_UNDECLARED && reply.drop_proposed()
    }
}

fn in_body(found: &[Mismatch]) -> impl Iterator<Item = String> {
    found.iter().map(|mismatch| format!("/body{}", mismatch.pointer))
}

/// The first reason where every mismatch is only an undeclared member, the second where something else is wrong too.
fn either(found: &[Mismatch], undeclared: Reason, invalid: Reason) -> Reason {
    if found.iter().all(|mismatch| mismatch.undeclared) {
        return undeclared;
    }
    invalid
}

/// Refuses where there is at least one place.
fn refuse(reason: Reason, places: impl Iterator<Item = String>, judge: &mut Judge<'_>) -> Result<(), Stop> {
    let mut places = places.take(MOST_PLACES).peekable();
    if places.peek().is_none() {
        return Ok(());
    }
    let denial = places.fold(Denial::from(reason), |denial, mut place| {
        if place.len() > LONGEST_PLACE {
            place.truncate(place.floor_char_boundary(LONGEST_PLACE));
            place.push('…');
        }
        denial.at(place)
    });
    judge.refuse(denial)
}
