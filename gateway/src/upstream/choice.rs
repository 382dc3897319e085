//! Which target a request is sent to: the less busy of two that were drawn by weight. The time and the draw are given.
//!
//! To take the least busy of all would send every thread to the same one at the same moment; of two drawn at random the less
//! busy is nearly as good, and nobody herds (Mitzenmacher, "The power of two choices in randomized load balancing").

use std::sync::Arc;

use super::Target;

/// The index of the target to ask next, among those that were not `tried`; those that could not be reached lately come
/// later, those that are ejected last, for to ask them is better than to ask nobody, and those that fail their checks never.
/// `draw` is uniform over all 64-bit numbers.
pub(crate) fn choose(targets: &[Arc<Target>], tried: &[usize], now: u64, draw: u64) -> Option<usize> {
    let (one, two) = (draw >> 32, draw & u64::from(u32::MAX));
    let kinds = [(false, false), (false, true), (true, false), (true, true)];
    kinds.into_iter().find_map(|kind| {
        let fits = |index: usize, target: &Target| {
            let is = (target.conduct.ejected(now) > 0, target.server.down(now) > 0);
            !tried.contains(&index) && is == kind && !target.is_unhealthy()
        };
        let first = drawn(targets, one, fits)?;
        let second = drawn(targets, two, |index, target| index != first.0 && fits(index, target));
        Some(match second {
            Some(second) if is_less_busy(second.1, first.1) => second.0,
            Some(_) | None => first.0,
        })
    })
}

/// One of those that fit, each as likely as its weight; `draw` is uniform over all 32-bit numbers.
fn drawn(targets: &[Arc<Target>], draw: u64, fits: impl Fn(usize, &Target) -> bool) -> Option<(usize, &Target)> {
    let fitting = || {
        let all = targets.iter().map(|target| &**target).enumerate();
        all.filter(|(index, target)| fits(*index, target))
    };
    let total: u64 = fitting().map(|(_, target)| target.weight).sum();
    let mut at = u64::try_from((u128::from(draw) * u128::from(total)) >> 32).unwrap_or_default();
    let mut last = None;
    for (index, target) in fitting() {
        if at < target.weight {
            return Some((index, target));
        }
        at -= target.weight;
        last = Some((index, target));
    }
    // Another thread changed what fits between the two turns.
    last
}

fn is_less_busy(one: &Target, other: &Target) -> bool {
    let load = |target: &Target, weight: u64| u64::from(target.server.under_way()).saturating_mul(weight);
    load(one, other.weight) < load(other, one.weight)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use yett_engine::plan::UpstreamUrl;

    use super::super::{Asked, Servers};
    use super::*;

    fn targets(weights: &[u16]) -> Vec<Arc<Target>> {
        let servers = Servers::default();
        (1..)
            .zip(weights)
            .map(|(port, &weight)| {
                let url = format!("http://127.0.0.1:{port}");
                Arc::new(Target::parse("shop", &UpstreamUrl { url, weight }, &servers).unwrap())
            })
            .collect()
    }

    /// Draws that lie evenly in both halves.
    fn draws() -> impl Iterator<Item = u64> {
        (0..64u64).flat_map(|one| (0..64u64).map(move |two| (one << 58) | (two << 26)))
    }

    fn counted(targets: &[Arc<Target>], tried: &[usize], now: u64) -> Vec<usize> {
        let mut counts = vec![0; targets.len()];
        for draw in draws() {
            *counts.get_mut(choose(targets, tried, now, draw).unwrap()).unwrap() += 1;
        }
        counts
    }

    #[test]
    fn idle_targets_are_asked_by_weight() {
        assert_eq!(counted(&targets(&[1, 1]), &[], 0), [2048, 2048]);
        assert_eq!(counted(&targets(&[1, 3]), &[], 0), [1024, 3072]);
        assert_eq!(counted(&targets(&[7]), &[], 0), [4096]);
    }

    #[test]
    fn the_less_busy_of_two_is_asked_and_a_weight_bears_as_much_more() {
        let targets = targets(&[1, 3]);
        let light: Vec<_> = (0..2)
            .map(|_| Asked::begin(targets.first().unwrap(), 9).unwrap())
            .collect();
        let heavy: Vec<_> = (0..5)
            .map(|_| Asked::begin(targets.last().unwrap(), 9).unwrap())
            .collect();
        assert_eq!(counted(&targets, &[], 0), [0, 4096], "2 of 1 is more than 5 of 3");
        drop(light);
        assert_eq!(counted(&targets, &[], 0), [4096, 0]);
        drop(heavy);
        assert_eq!(targets.last().unwrap().server.under_way(), 0);
    }

    #[test]
    fn no_more_are_under_way_than_the_plan_allows() {
        let targets = targets(&[1]);
        let target = targets.first().unwrap();
        let under_way: Vec<_> = (0..5).filter_map(|_| Asked::begin(target, 3)).collect();
        assert_eq!((under_way.len(), target.server.under_way()), (3, 3));
        drop(under_way);
        assert!(Asked::begin(target, 3).is_some());
    }

    #[test]
    fn what_could_not_be_reached_is_asked_last_and_what_was_tried_never() {
        let targets = targets(&[1, 1, 1]);
        let down = &targets.first().unwrap().server;
        down.missed(1_000, false);
        assert_eq!(counted(&targets, &[], 1_000).first(), Some(&0));
        assert_eq!(choose(&targets, &[1, 2], 1_000, 0), Some(0));
        assert_eq!(choose(&targets, &[0, 1, 2], 1_000, 0), None);
        assert!(counted(&targets, &[], 3_000).first() > Some(&0), "it has done its time");
        down.missed(3_000, false);
        down.reached();
        assert!(counted(&targets, &[], 3_000).first() > Some(&0), "it was reached again");
        assert_eq!(choose(&[], &[], 0, 0), None);
    }
}
