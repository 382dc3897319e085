//! Has the URLs of the plan's upstreams checked when that is due, one set of checks for the process. No request waits for this.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::spawn_local;
use tokio::time::sleep;
use yett_engine::plan::Health;

use crate::log;
use crate::state::State;
use crate::upstream::{Change, Target, probe};

/// After so many milliseconds, another plan is seen.
const ROUND: u64 = 1_000;

/// Checks for as long as the control thread lives.
pub(super) async fn serve(state: Arc<State>) {
    loop {
        let wait = begin_what_is_due(&state);
        sleep(Duration::from_millis(wait)).await;
    }
}

/// Begins every check that is due; milliseconds until the next one.
fn begin_what_is_due(state: &Arc<State>) -> u64 {
    let (ground, now) = (state.ground(), state.servers.now());
    let mut next = ROUND;
    for (api, targets) in ground.plan.apis.iter().zip(&ground.targets) {
        let Some(rules) = &api.upstream.health else { continue };
        for target in targets.all() {
            match target.conduct.checks.wait(now) {
                Some(0) => {
                    target.conduct.checks.begin();
                    spawn_local(check(state.clone(), api.name.clone(), target.clone(), rules.clone()));
                }
                Some(wait) => next = next.min(wait),
                None => {}
            }
        }
    }
    next
}

async fn check(state: Arc<State>, api: Arc<str>, target: Arc<Target>, rules: Health) {
    let found = probe(&target, &rules, &state.servers).await;
    let now = state.servers.now();
    let due = now.saturating_add(jittered(rules.interval.get()));
    let change = target.conduct.checks.end(found.is_ok(), &rules, due);
    match change {
        Some(Change::Unhealthy) => {
            let ground = state.ground();
            let targets = ground.plan.apis.iter().zip(&ground.targets);
            for (_, targets) in targets.filter(|(known, _)| known.name == api) {
                targets.keep_half(now);
            }
            log::warning(
                "an upstream fails its health checks and is not asked",
                &[
                    ("api", &api),
                    ("url", &target.url),
                    ("why", &found.err().unwrap_or_default()),
                ],
            );
        }
        Some(Change::Healthy) => {
            target.conduct.begin_anew();
            log::info(
                "an upstream passes its health checks and is asked again",
                &[("api", &api), ("url", &target.url)],
            );
        }
        None => {}
    }
}

/// Between nine and eleven tenths of a time, so that the checks of many gateways do not come at once.
fn jittered(milliseconds: u64) -> u64 {
    let mut octets = [0; 2];
    // Without randomness the time stays as it is: checks go on.
    let drawn = match aws_lc_rs::rand::fill(&mut octets) {
        Ok(()) => u64::from(u16::from_ne_bytes(octets)),
        Err(_) => 1 << 15,
    };
    let tenths = milliseconds.saturating_mul(2 * drawn) / (10 << 16);
    (milliseconds.saturating_mul(9) / 10).saturating_add(tenths).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_jittered_by_a_tenth() {
        let drawn: Vec<u64> = (0..200).map(|_| jittered(5_000)).collect();
        assert!(drawn.iter().all(|wait| (4_500..=5_500).contains(wait)), "{drawn:?}");
        assert!(drawn.iter().any(|wait| *wait != 5_000));
        assert_eq!(jittered(1), 1);
    }
}
