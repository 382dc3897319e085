//! The addresses behind a server's name, and when the name is to be resolved again. Times and answers are given; no resolver here.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use arc_swap::ArcSwapOption;
use tokio::sync::Mutex;

/// Milliseconds for which addresses are taken as they are: what the resolver's own answer allows is not seen.
const FRESH: u64 = 30_000;

/// What is known of a name.
#[derive(Debug, Default)]
pub(crate) struct Addresses {
    known: ArcSwapOption<Box<[SocketAddr]>>,
    /// When they were last asked for.
    asked: AtomicU64,
    turn: AtomicUsize,
    /// Held by the one who looks them up because nothing is known.
    first: Mutex<()>,
    /// How often that was done.
    looked_up: AtomicU64,
}

impl Addresses {
    /// All of them, each time beginning with another; none: nothing is known yet.
    pub(crate) fn in_turn(&self) -> Option<impl Iterator<Item = SocketAddr> + Clone + use<>> {
        let known = self.known.load_full()?;
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let count = known.len();
        Some((0..count).filter_map(move |step| known.get(turn.wrapping_add(step).checked_rem(count)?).copied()))
    }

    pub(crate) fn is_known(&self) -> bool {
        self.known.load().is_some()
    }

    /// Whether the caller must ask for them again; true for one caller in each time.
    pub(crate) fn are_due(&self, now: u64) -> bool {
        let asked = self.asked.load(Ordering::Relaxed);
        now >= asked.saturating_add(FRESH)
            && self
                .asked
                .compare_exchange(asked, now, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// How often they were looked up by `first`.
    pub(crate) fn looked_up(&self) -> u64 {
        self.looked_up.load(Ordering::Acquire)
    }

    /// Looks them up, unless somebody else did since it was done so often: then that answer counts, whatever it was.
    pub(crate) async fn first(
        &self,
        often: u64,
        lookup: impl Future<Output = Vec<SocketAddr>>,
        now: impl FnOnce() -> u64,
    ) {
        let _alone = self.first.lock().await;
        if self.looked_up() == often {
            let found = lookup.await;
            self.learn(&found, now());
            self.looked_up.store(often + 1, Ordering::Release);
        }
    }

    /// Takes the resolver's answer. One without an address changes nothing: what was reached before may be reached still.
    pub(crate) fn learn(&self, found: &[SocketAddr], now: u64) {
        if !found.is_empty() {
            self.known.store(Some(Arc::new(found.into())));
            self.asked.store(now, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use tokio::runtime::{Builder, LocalOptions};
    use tokio::task::{spawn_local, yield_now};

    use super::*;

    fn addresses(ports: &[u16]) -> Vec<SocketAddr> {
        ports.iter().map(|port| ([127, 0, 0, 1], *port).into()).collect()
    }

    fn ports(known: &Addresses) -> Vec<u16> {
        known.in_turn().unwrap().map(|address| address.port()).collect()
    }

    #[test]
    fn every_address_is_used_and_each_comes_first_in_its_turn() {
        let known = Addresses::default();
        assert!(known.in_turn().is_none());
        known.learn(&addresses(&[1, 2, 3]), 0);
        let turns: Vec<_> = (0..4).map(|_| ports(&known)).collect();
        assert_eq!(turns, [[1, 2, 3], [2, 3, 1], [3, 1, 2], [1, 2, 3]]);
    }

    #[test]
    fn a_name_is_asked_for_once_in_thirty_seconds() {
        let known = Addresses::default();
        known.learn(&addresses(&[1]), 1_000);
        assert!(!known.are_due(30_999));
        assert!(known.are_due(31_000), "one asks");
        assert!(!known.are_due(31_000), "and nobody else, whatever becomes of it");
        assert!(!known.are_due(60_999));
        assert!(known.are_due(61_000));
        known.learn(&addresses(&[2]), 65_000);
        assert_eq!(ports(&known), [2]);
        assert!(!known.are_due(94_999), "the answer counts, not the question");
    }

    #[test]
    fn whoever_waits_for_the_first_answer_takes_that_of_the_one_who_asks() {
        for found in [addresses(&[1]), Vec::new()] {
            let (known, asked) = (Arc::new(Addresses::default()), Arc::new(AtomicU64::new(0)));
            let runtime = Builder::new_current_thread()
                .build_local(LocalOptions::default())
                .unwrap();
            let one = |often| {
                let (known, asked, found) = (known.clone(), asked.clone(), found.clone());
                let lookup = async move {
                    asked.fetch_add(1, Ordering::Relaxed);
                    yield_now().await;
                    found
                };
                async move { known.first(often, lookup, || 7).await }
            };
            runtime.block_on(async {
                let waiting: Vec<_> = (0..8).map(|_| spawn_local(one(known.looked_up()))).collect();
                for each in waiting {
                    each.await.unwrap();
                }
            });
            assert_eq!(
                (asked.load(Ordering::Relaxed), known.is_known()),
                (1, !found.is_empty())
            );
            runtime.block_on(one(known.looked_up()));
            assert_eq!(asked.load(Ordering::Relaxed), 2, "who comes later asks again");
        }
    }

    #[test]
    fn a_name_that_cannot_be_resolved_any_more_keeps_its_addresses() {
        let known = Addresses::default();
        known.learn(&addresses(&[1, 2]), 0);
        known.learn(&[], 40_000);
        assert_eq!(ports(&known), [1, 2]);
    }
}
