//! How a URL behaved lately, and for how long it is left alone. Times are given, in milliseconds; nothing is chosen here.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use yett_engine::plan::Ejection;

use super::checks::Checks;

/// What all threads know of one URL of an API.
#[derive(Debug, Default)]
pub(crate) struct Conduct {
    /// In a row.
    failures: AtomicU32,
    /// How often it was ejected since it last was well for long.
    times: AtomicU32,
    /// Until when it is ejected; stays when that is over.
    until: AtomicU64,
    /// What its health checks found.
    pub(crate) checks: Checks,
}

impl Conduct {
    /// Milliseconds for which it is left alone.
    pub(crate) fn ejected(&self, now: u64) -> u64 {
        self.until.load(Ordering::Relaxed).saturating_sub(now)
    }

    /// It answered. What was ejected begins anew once it has been well for as long as it was left alone.
    pub(crate) fn succeeded(&self, rules: &Ejection, now: u64) {
        if self.failures.load(Ordering::Relaxed) > 0 {
            self.failures.store(0, Ordering::Relaxed);
        }
        let times = self.times.load(Ordering::Relaxed);
        if times > 0 && now >= self.until.load(Ordering::Relaxed).saturating_add(time(rules, times)) {
            self.times.store(0, Ordering::Relaxed);
        }
    }

    /// It failed; whether it has done so too often. What was ejected has only to fail once more.
    pub(crate) fn failed(&self, rules: &Ejection, now: u64) -> bool {
        if self.ejected(now) > 0 {
            return false;
        }
        let before = self.failures.fetch_add(1, Ordering::Relaxed);
        before.saturating_add(1) >= rules.after.get()
    }

    /// Leaves it alone from now on; for how many milliseconds.
    pub(crate) fn eject(&self, rules: &Ejection, now: u64) -> u64 {
        let times = self.times.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let time = time(rules, times);
        self.until.store(now.saturating_add(time), Ordering::Relaxed);
        time
    }

    /// Asks it again.
    pub(crate) fn pardon(&self) {
        self.until.store(0, Ordering::Relaxed);
    }

    /// Asks it again as if it had never failed: it passes its checks after it had not.
    pub(crate) fn begin_anew(&self) {
        self.failures.store(0, Ordering::Relaxed);
        self.times.store(0, Ordering::Relaxed);
        self.pardon();
    }
}

/// How long it is left alone for this time.
fn time(rules: &Ejection, times: u32) -> u64 {
    let doubled = 1u64.checked_shl(times.saturating_sub(1)).unwrap_or(u64::MAX);
    rules.time.get().saturating_mul(doubled).min(rules.longest)
}
