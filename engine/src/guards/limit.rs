//! limit: token buckets by address (on Request) and by subject (on Caller). The counters are facts; their table is the shell's.

use std::net::{IpAddr, Ipv6Addr};

use super::Guard;
use crate::facts::{Draw, Draws, Taken, Who};
use crate::judge::{Denial, Hint, Judge, Stop};
use crate::plan::{Mode, Plan};
use crate::reason::{self, Reason};
use crate::steps::admit::Request;
use crate::steps::authenticate::Caller;

const CONTROL: &str = "limit";
const SECOND: u64 = 1_000_000_000;

/// The limits by address that have this mode.
pub struct ByAddress(pub Mode);

/// The limits by subject that have this mode.
pub struct BySubject(pub Mode);

impl Guard<Request> for ByAddress {
    fn control(&self) -> &'static str {
        CONTROL
    }

    fn mode(&self, request: &Request, plan: &Plan) -> Option<Mode> {
        of_address(request, plan)
            .iter()
            .any(|index| has_mode(plan, *index, self.0))
            .then_some(self.0)
    }

    fn look(&self, request: &mut Request, judge: &mut Judge<'_>) -> Result<(), Stop> {
        let plan = judge.plan;
        let who = Who::Address(network(request.client()));
        let draws = draws(plan, of_address(request, plan), self.0, None, &who);
        take(draws, reason::LIMIT_ADDRESS_EXCEEDED, judge)
    }
}

impl Guard<Caller> for BySubject {
    fn control(&self) -> &'static str {
        CONTROL
    }

    fn mode(&self, caller: &Caller, plan: &Plan) -> Option<Mode> {
        of_subject(caller, plan)
            .iter()
            .any(|index| has_mode(plan, *index, self.0))
            .then_some(self.0)
    }

    fn look(&self, caller: &mut Caller, judge: &mut Judge<'_>) -> Result<(), Stop> {
        let plan = judge.plan;
        let who = match caller.subject() {
            Some(subject) => Who::Subject(subject.clone()),
            None => Who::Address(network(caller.call().request().client())),
        };
        let draws = draws(
            plan,
            of_subject(caller, plan),
            self.0,
            caller.call().operation_index(),
            &who,
        );
        take(draws, reason::LIMIT_SUBJECT_EXCEEDED, judge)
    }
}

/// Before resolve, the API is the one that its host and base name; resolve will find the same.
fn of_address<'p>(request: &Request, plan: &'p Plan) -> &'p [u32] {
    let api = plan
        .api(request.host(), request.path())
        .and_then(|index| plan.apis.get(index as usize));
    api.map(|api| api.address_limits.as_slice()).unwrap_or_default()
}

fn of_subject<'p>(caller: &Caller, plan: &'p Plan) -> &'p [u32] {
    caller
        .call()
        .api(plan)
        .map(|api| api.subject_limits.as_slice())
        .unwrap_or_default()
}

fn has_mode(plan: &Plan, index: u32, mode: Mode) -> bool {
    plan.limits.get(index as usize).is_some_and(|limit| limit.mode == mode)
}

fn draws(plan: &Plan, limits: &[u32], mode: Mode, operation: Option<u32>, who: &Who) -> Draws {
    let mut draws = Draws::new();
    for index in limits {
        let Some(limit) = plan.limits.get(*index as usize) else {
            continue;
        };
        let counts = limit
            .operations
            .as_ref()
            .is_none_or(|listed| operation.is_some_and(|one| listed.contains(&one)));
        if limit.mode == mode && counts {
            draws.push(Draw {
                limit: *index,
                who: who.clone(),
                burst: limit.burst,
                refill: limit.refill,
            });
        }
    }
    draws
}

fn take(draws: Draws, exceeded: Reason, judge: &mut Judge<'_>) -> Result<(), Stop> {
    if draws.is_empty() {
        return Ok(());
    }
    let plan = judge.plan;
    let limits: Draws = draws.clone();
    match judge.take(draws)? {
        Taken::All => Ok(()),
        Taken::Empty { index, wait } => {
            let limit = limits.get(index).and_then(|draw| plan.limits.get(draw.limit as usize));
            let denial = Denial::from(exceeded).hint(Hint::RetryAfter(wait.div_ceil(SECOND).max(1)));
            Err(Stop::Deny(denial.at(limit.map_or("", |limit| &limit.id))))
        }
    }
}

/// An IPv6 host owns its /64, so the /64 is counted.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}
