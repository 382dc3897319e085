//! The targets of one API: which is asked, and which are left alone because they fail. Where health checks and requests both say
//! something of a URL, it is asked when neither speaks against it. Times are given; nothing is sent here.

use std::sync::{Arc, Mutex, PoisonError};

use yett_engine::plan::Ejection;

use super::budget::Budget;
use super::{Target, choose};
use crate::log;

/// The targets of one API.
pub(crate) struct Targets {
    all: Vec<Arc<Target>>,
    rules: Option<Ejection>,
    /// What all retries together may be.
    pub(super) budget: Budget,
    /// Held while one is ejected, so that two threads do not leave alone more than half.
    ejecting: Mutex<()>,
}

impl Targets {
    pub(crate) fn new(all: Vec<Arc<Target>>, rules: Option<Ejection>) -> Self {
        Self {
            all,
            rules,
            budget: Budget::default(),
            ejecting: Mutex::default(),
        }
    }

    /// Asks those again that are ejected beyond the half of all that may be left alone; what fails its checks counts as well, so
    /// that requests which fail never add an outage to one that checks have found.
    pub(crate) fn keep_half(&self, now: u64) {
        let unhealthy = self.iter().filter(|target| target.is_unhealthy()).count();
        let half = if self.rules.is_some() { self.all.len() / 2 } else { 0 };
        let most = half.saturating_sub(unhealthy);
        let ejected = self.iter().filter(|target| target.conduct.ejected(now) > 0);
        for surplus in ejected.filter(|target| !target.is_unhealthy()).skip(most) {
            surplus.conduct.pardon();
        }
    }

    /// All of them, shared.
    pub(crate) fn all(&self) -> &[Arc<Target>] {
        &self.all
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Target> {
        self.all.iter().map(|target| &**target)
    }

    /// The target to ask next, and its index: none that is in `tried` or fails its checks, and one that is ejected only where no
    /// other is left.
    pub(crate) fn choose(&self, tried: &[usize], now: u64, draw: u64) -> Option<(usize, &Arc<Target>)> {
        let index = choose(&self.all, tried, now, draw)?;
        Some((index, self.all.get(index)?))
    }

    /// A target answered.
    pub(crate) fn succeeded(&self, target: &Target, now: u64) {
        if let Some(rules) = &self.rules {
            target.conduct.succeeded(rules, now);
        }
    }

    /// A target could not be reached, cut, was late, answered nonsense, or said that it cannot.
    pub(crate) fn failed(&self, target: &Target, now: u64) {
        let Some(rules) = &self.rules else { return };
        if !target.conduct.failed(rules, now) {
            return;
        }
        let _alone = self.ejecting.lock().unwrap_or_else(PoisonError::into_inner);
        let alone = self.iter().filter(|target| target.is_left_alone(now)).count();
        if !target.is_left_alone(now) && (alone + 1) * 2 <= self.all.len() {
            let time = target.conduct.eject(rules, now);
            log::warning(
                "an upstream fails and is left alone",
                &[("url", &target.url), ("milliseconds", &time)],
            );
        }
    }

    /// Seconds until one of them may be worth asking, at least 1.
    pub(crate) fn wait(&self, now: u64) -> u64 {
        let waits = self.iter().map(|target| {
            let check = target.conduct.checks.wait(now).filter(|_| target.is_unhealthy());
            let ejected = target.conduct.ejected(now);
            ejected.max(target.server.down(now)).max(check.unwrap_or_default())
        });
        waits.min().unwrap_or_default().div_ceil(1_000).max(1)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use yett_engine::plan::{Health, UpstreamUrl};

    use super::super::Servers;
    use super::*;

    const DRAW: u64 = 0x1234_5678_9abc_def0;

    fn rules() -> Ejection {
        Ejection {
            after: 3.try_into().unwrap(),
            time: 5_000.try_into().unwrap(),
            longest: 300_000,
        }
    }

    fn described(count: usize, servers: &Servers) -> Vec<Arc<Target>> {
        let url = |port| UpstreamUrl {
            url: format!("http://127.0.0.1:{port}"),
            weight: 1,
        };
        (1..=count)
            .map(|port| Arc::new(Target::parse("shop", &url(port), servers).unwrap()))
            .collect()
    }

    fn targets(count: usize) -> Targets {
        Targets::new(described(count, &Servers::default()), Some(rules()))
    }

    /// Fails until it is ejected, at most so often: for how long.
    fn fail(targets: &Targets, index: usize, times: usize, now: u64) -> u64 {
        let target = targets.all.get(index).unwrap();
        for _ in 0..times {
            targets.failed(target, now);
        }
        target.conduct.ejected(now)
    }

    #[test]
    fn failures_in_a_row_eject_and_a_success_ends_the_row() {
        let targets = targets(2);
        assert_eq!(fail(&targets, 0, 2, 1_000), 0);
        targets.succeeded(targets.all.first().unwrap(), 1_000);
        assert_eq!(fail(&targets, 0, 2, 1_000), 0);
        assert_eq!(fail(&targets, 0, 1, 1_000), 5_000);
        assert_eq!(targets.choose(&[], 1_000, DRAW).unwrap().0, 1);
        targets.all.last().unwrap().server.missed(1_000, false);
        assert_eq!(
            targets.choose(&[], 1_000, DRAW).unwrap().0,
            1,
            "what is down is asked before"
        );
        assert_eq!(targets.choose(&[1], 5_999, DRAW).unwrap().0, 0, "and before nobody is");
        assert_eq!(targets.choose(&[1], 6_000, DRAW).unwrap().0, 0, "its time is over");
    }

    #[test]
    fn the_time_doubles_up_to_the_longest_and_being_well_for_long_begins_anew() {
        let targets = targets(2);
        let mut now = 0;
        assert_eq!(fail(&targets, 0, 3, now), 5_000);
        assert_eq!(
            fail(&targets, 0, 9, now),
            5_000,
            "what comes late from before changes nothing"
        );
        for time in [10_000, 20_000, 40_000, 80_000, 160_000, 300_000, 300_000] {
            now += 300_000;
            assert_eq!(fail(&targets, 0, 1, now), time, "one failure more is enough");
        }
        now += 300_000;
        let target = targets.all.first().unwrap();
        targets.succeeded(target, now + 299_999);
        assert_eq!(fail(&targets, 0, 3, now + 299_999), 300_000);
        targets.succeeded(target, now + 900_000);
        assert_eq!(fail(&targets, 0, 3, now + 900_000), 5_000);
    }

    #[test]
    fn never_more_than_half_are_left_alone() {
        for (count, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (5, 2)] {
            let targets = targets(count);
            let ejected = (0..count).filter(|index| fail(&targets, *index, 10, 0) > 0).count();
            assert_eq!((count, ejected), (count, most));
        }
    }

    #[test]
    fn a_plan_that_names_a_url_again_goes_on_with_what_is_known_of_it() {
        let servers = Servers::default();
        let before = Targets::new(described(4, &servers), Some(rules()));
        assert_eq!((fail(&before, 0, 3, 0), fail(&before, 1, 3, 0)), (5_000, 5_000));
        let ejected = |count, rules| {
            let targets = Targets::new(described(count, &servers), rules);
            targets.keep_half(0);
            targets.iter().filter(|target| target.conduct.ejected(0) > 0).count()
        };
        assert_eq!(ejected(4, Some(rules())), 2);
        assert_eq!(ejected(2, Some(rules())), 1, "half of those that are left");
        assert_eq!(ejected(4, None), 0, "nobody is left alone any more");
    }

    /// Has its checks fail or pass for long.
    fn checked(targets: &Targets, index: usize, passes: bool) {
        let rules: Health = serde_json::from_str(
            r#"{"path": "/", "interval": 5000, "timeout": 1, "healthy": 2, "unhealthy": 3, "status": []}"#,
        )
        .unwrap();
        for _ in 0..3 {
            targets
                .all
                .get(index)
                .unwrap()
                .conduct
                .checks
                .end(passes, &rules, 5_000);
        }
    }

    #[test]
    fn what_fails_its_checks_counts_among_those_that_are_left_alone() {
        let servers = Servers::default();
        let mut all = described(2, &servers);
        for target in &mut all {
            Arc::get_mut(target).unwrap().checked = true;
        }
        let targets = Targets::new(all, Some(rules()));
        checked(&targets, 0, false);
        assert_eq!(targets.choose(&[], 0, DRAW).unwrap().0, 1);
        assert_eq!(
            fail(&targets, 1, 10, 0),
            0,
            "requests that fail do not take the last one"
        );
        checked(&targets, 1, false);
        assert!(targets.choose(&[], 0, DRAW).is_none(), "checks do: nobody is asked");
        assert_eq!(targets.wait(1_000), 4, "until the next check");
        checked(&targets, 0, true);
        assert_eq!(targets.choose(&[], 0, DRAW).unwrap().0, 0);
    }

    #[test]
    fn what_was_ejected_is_asked_again_when_checks_take_the_other_half() {
        let mut all = described(2, &Servers::default());
        for target in &mut all {
            Arc::get_mut(target).unwrap().checked = true;
        }
        let targets = Targets::new(all, Some(rules()));
        assert_eq!(fail(&targets, 0, 3, 0), 5_000);
        checked(&targets, 1, false);
        targets.keep_half(0);
        assert_eq!(targets.choose(&[], 0, DRAW).unwrap().0, 0);
    }

    #[test]
    fn a_plan_without_checks_asks_what_an_earlier_one_found_unhealthy() {
        let targets = targets(1);
        checked(&targets, 0, false);
        assert_eq!(targets.choose(&[], 0, DRAW).unwrap().0, 0);
    }

    #[test]
    fn without_rules_nothing_is_ejected() {
        let targets = Targets::new(described(2, &Servers::default()), None);
        assert_eq!(fail(&targets, 0, 100, 0), 0);
    }

    #[test]
    fn who_is_told_to_wait_waits_for_the_first_that_may_be_asked() {
        let targets = targets(2);
        assert_eq!(targets.wait(0), 1);
        fail(&targets, 0, 3, 0);
        let other = &targets.all.last().unwrap().server;
        other.missed(0, false);
        assert_eq!((targets.wait(0), targets.wait(999), targets.wait(1_001)), (2, 2, 1));
    }

    #[test]
    fn one_request_tries_for_all_where_nobody_answered() {
        let targets = targets(1);
        let server = &targets.all.first().unwrap().server;
        assert!(server.may_connect(0));
        server.missed(0, false);
        assert!(server.may_connect(1), "who refuses does so at once");
        server.missed(1, true);
        assert!(!server.may_connect(2_000));
        assert!(server.may_connect(2_001));
        assert!(!server.may_connect(2_002), "another tries");
        server.reached();
        assert!(server.may_connect(2_003) && server.may_connect(2_003));
    }
}
