//! The attempts of one request: who is asked next, and whether it may be sent again. The one place that says so; nothing is sent here.
//!
//! Who cannot be reached is passed over: nothing was sent, so that is no attempt and costs no budget. What was sent is sent again only
//! where that is safe, to another URL where there is one, and never more often than the plan and the API's budget allow.

use std::sync::Arc;

use smallvec::SmallVec;
use yett_engine::plan::Retries;

use super::{Target, Targets};

/// The attempts of one request.
pub(crate) struct Attempts<'t> {
    targets: &'t Targets,
    retries: Option<Retries>,
    /// Sent twice, it does no harm.
    repeatable: bool,
    made: u32,
    over_budget: bool,
    /// It could not be reached, or has no place.
    passed_over: SmallVec<[usize; 4]>,
    /// It could not be reached, has no place, or failed.
    tried: SmallVec<[usize; 4]>,
}

impl<'t> Attempts<'t> {
    /// A request comes, and fills the budget.
    pub(crate) fn new(targets: &'t Targets, retries: Option<Retries>, repeatable: bool) -> Self {
        if let Some(retries) = &retries {
            targets.budget.earn(retries.budget);
        }
        Self {
            targets,
            retries,
            repeatable,
            made: 0,
            over_budget: false,
            passed_over: SmallVec::new(),
            tried: SmallVec::new(),
        }
    }

    /// The target to ask next, and its index; one that failed only where there is no other.
    pub(crate) fn next(&self, now: u64, draw: u64) -> Option<(usize, &'t Arc<Target>)> {
        let other = self.targets.choose(&self.tried, now, draw);
        other.or_else(|| match self.made {
            0 => None,
            _ => self.targets.choose(&self.passed_over, now, draw),
        })
    }

    /// It cannot be reached, or has no place.
    pub(crate) fn pass_over(&mut self, index: usize) {
        self.passed_over.push(index);
        self.tried.push(index);
    }

    /// Whether nothing was sent yet. Afterwards, only a new connection is sure not to have been closed while it waited.
    pub(crate) fn first(&self) -> bool {
        self.made == 0
    }

    /// The request is sent; for which time.
    pub(crate) fn begin(&mut self, index: usize) -> u32 {
        self.tried.push(index);
        self.made = self.made.saturating_add(1);
        self.made
    }

    /// Milliseconds after which the attempt under way is given up, if another may follow.
    pub(crate) fn try_timeout(&self) -> Option<u64> {
        let retries = self.retries.filter(|retries| self.is_open(retries))?;
        retries.try_timeout.map(Into::into)
    }

    /// Whether the request may be sent again; that it may costs the budget one retry.
    pub(crate) fn may_repeat(&mut self) -> bool {
        if !self.retries.is_some_and(|retries| self.is_open(&retries)) {
            return false;
        }
        self.over_budget = !self.targets.budget.spend();
        !self.over_budget
    }

    /// The last answer was no, for the budget is spent.
    pub(crate) fn over_budget(&self) -> bool {
        self.over_budget
    }

    fn is_open(&self, retries: &Retries) -> bool {
        self.repeatable && self.made < retries.attempts.get()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use yett_engine::plan::UpstreamUrl;

    use super::super::Servers;
    use super::*;

    fn targets(count: usize) -> Targets {
        let servers = Servers::default();
        let target = |port| {
            let url = format!("http://127.0.0.1:{port}");
            Arc::new(Target::parse("shop", &UpstreamUrl { url, weight: 1 }, &servers).unwrap())
        };
        Targets::new((1..=count).map(target).collect(), None)
    }

    fn retries(attempts: u32) -> Option<Retries> {
        Some(Retries {
            attempts: attempts.try_into().unwrap(),
            ..Retries::default()
        })
    }

    #[test]
    fn what_failed_is_asked_again_only_where_there_is_no_other() {
        for (count, again) in [(2, 1), (1, 0)] {
            let targets = targets(count);
            let mut attempts = Attempts::new(&targets, retries(2), true);
            assert_eq!(attempts.next(0, 0).unwrap().0, 0);
            attempts.begin(0);
            assert!(attempts.may_repeat());
            assert_eq!(attempts.next(0, 0).unwrap().0, again, "of {count}");
        }
    }

    #[test]
    fn who_cannot_be_reached_is_not_asked_again_and_costs_nothing() {
        let targets = targets(2);
        let mut attempts = Attempts::new(&targets, None, false);
        attempts.pass_over(0);
        assert_eq!(
            attempts.next(0, 0).unwrap().0,
            1,
            "whatever the request is, nothing was sent"
        );
        attempts.pass_over(1);
        assert!(attempts.next(0, 0).is_none());
        assert!(targets.budget.spend());
    }

    #[test]
    fn only_what_may_be_sent_twice_is_and_only_as_often_as_the_plan_says() {
        for (rules, repeatable, times) in [
            (retries(3), true, 2),
            (retries(1), true, 0),
            (retries(3), false, 0),
            (None, true, 0),
        ] {
            let targets = targets(1);
            let mut attempts = Attempts::new(&targets, rules, repeatable);
            attempts.begin(0);
            let mut again = 0;
            while attempts.may_repeat() {
                attempts.begin(0);
                again += 1;
            }
            assert_eq!(
                (again, attempts.over_budget()),
                (times, false),
                "{rules:?} {repeatable}"
            );
        }
    }

    #[test]
    fn a_spent_budget_ends_retries_and_requests_fill_it() {
        let targets = targets(1);
        while targets.budget.spend() {}
        for (requests, allowed) in [(1, false), (4, true), (1, false)] {
            for _ in 1..requests {
                Attempts::new(&targets, retries(2), true);
            }
            let mut attempts = Attempts::new(&targets, retries(2), true);
            attempts.begin(0);
            assert_eq!((attempts.may_repeat(), attempts.over_budget()), (allowed, !allowed));
        }
    }
}
