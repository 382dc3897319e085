//! What the health checks of one URL found, and when the next is due. Times are given, in milliseconds; nothing is asked here.
//!
//! The control thread alone writes; the reactors read one flag.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};

use yett_engine::plan::Health;

const UNKNOWN: u8 = 0;
const PASSING: u8 = 1;
const FAILING: u8 = 2;

/// The health of one URL as checks see it.
#[derive(Debug, Default)]
pub(crate) struct Checks {
    state: AtomicU8,
    /// Checks in a row that speak against the state.
    row: AtomicU32,
    /// When the next one is due.
    due: AtomicU64,
    under_way: AtomicBool,
}

/// A check that made a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change {
    /// It is asked again.
    Healthy,
    /// It is not asked.
    Unhealthy,
}

impl Checks {
    /// It is known to fail. What was never checked is asked: a gateway that starts does not refuse what may be well.
    pub(crate) fn failing(&self) -> bool {
        self.state.load(Ordering::Relaxed) == FAILING
    }

    /// Milliseconds until the next check; none: one is under way.
    pub(crate) fn wait(&self, now: u64) -> Option<u64> {
        let under_way = self.under_way.load(Ordering::Relaxed);
        (!under_way).then(|| self.due.load(Ordering::Relaxed).saturating_sub(now))
    }

    /// A check begins.
    pub(crate) fn begin(&self) {
        self.under_way.store(true, Ordering::Relaxed);
    }

    /// A check has ended; the next one is due at `due`. The first of all decides alone.
    pub(crate) fn end(&self, passed: bool, rules: &Health, due: u64) -> Option<Change> {
        self.due.store(due, Ordering::Relaxed);
        self.under_way.store(false, Ordering::Relaxed);
        let (agreeing, needed, change) = if passed {
            (PASSING, rules.healthy, Change::Healthy)
        } else {
            (FAILING, rules.unhealthy, Change::Unhealthy)
        };
        let state = self.state.load(Ordering::Relaxed);
        if state == agreeing {
            self.row.store(0, Ordering::Relaxed);
            return None;
        }
        let row = self.row.load(Ordering::Relaxed).saturating_add(1);
        if state != UNKNOWN && row < needed.get() {
            self.row.store(row, Ordering::Relaxed);
            return None;
        }
        self.row.store(0, Ordering::Relaxed);
        self.state.store(agreeing, Ordering::Relaxed);
        (state != UNKNOWN || change == Change::Unhealthy).then_some(change)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn rules() -> Health {
        Health {
            path: "/healthz".to_owned(),
            interval: 5_000.try_into().unwrap(),
            timeout: 1_000.try_into().unwrap(),
            healthy: 2.try_into().unwrap(),
            unhealthy: 3.try_into().unwrap(),
            status: Vec::new(),
        }
    }

    /// What each of these checks changed: `+` passes, `-` fails.
    fn changes(checks: &Checks, results: &str) -> Vec<Option<Change>> {
        let one = |result| checks.end(result == '+', &rules(), 0);
        results.chars().map(one).collect()
    }

    #[test]
    fn the_first_check_decides_alone_and_says_so_where_it_fails() {
        let checks = Checks::default();
        assert!(!checks.failing(), "what was never checked is asked");
        assert_eq!(changes(&checks, "-"), [Some(Change::Unhealthy)]);
        assert!(checks.failing());
        assert_eq!(changes(&Checks::default(), "+"), [None]);
    }

    #[test]
    fn it_takes_a_row_to_change() {
        let checks = Checks::default();
        assert_eq!(
            changes(&checks, "+--+--"),
            [None; 6],
            "a check that passes ends the row"
        );
        assert_eq!(changes(&checks, "-"), [Some(Change::Unhealthy)]);
        assert_eq!(changes(&checks, "-+-+"), [None; 4]);
        assert!(checks.failing());
        assert_eq!(changes(&checks, "+"), [Some(Change::Healthy)]);
        assert!(!checks.failing());
    }

    #[test]
    fn one_is_under_way_at_a_time() {
        let checks = Checks::default();
        assert_eq!(checks.wait(7), Some(0));
        checks.begin();
        assert_eq!(checks.wait(7), None);
        checks.end(true, &rules(), 5_000);
        assert_eq!((checks.wait(4_000), checks.wait(6_000)), (Some(1_000), Some(0)));
    }
}
