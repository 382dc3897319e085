//! Deadlines of one reactor thread, ten times a second for all connections at once: no timer is armed for a request.

use std::cell::{Cell, RefCell};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How long a tick is.
pub(crate) const TICK: Duration = Duration::from_millis(LENGTH);
const LENGTH: u64 = 100;
const NEVER: u64 = u64::MAX;
/// Ticks that a connection has for its next request since it was busy, and for its first since the drain began: that one gets an
/// answer that ends it in order.
const FAREWELL: u64 = 10;

/// The thread's coarse clock, and everyone who waits for it.
#[derive(Default)]
pub(crate) struct Ticker {
    now: Cell<u64>,
    /// Since when.
    draining: Cell<Option<u64>>,
    waiting: RefCell<Vec<Rc<Slot>>>,
}

struct Slot {
    due: Cell<u64>,
    /// Since when it waits for nothing that was begun: a drain ends it. `NEVER`: nothing was begun at all.
    idle: Cell<Option<u64>>,
    waker: RefCell<Option<Waker>>,
}

/// The deadline of one connection, set anew for each thing that it waits for.
pub(crate) struct Deadline {
    slot: Rc<Slot>,
    ticker: Rc<Ticker>,
}

/// The deadline has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Late;

impl Ticker {
    /// Ticks since the thread began.
    pub(crate) fn now(&self) -> u64 {
        self.now.get()
    }

    /// The time in so many milliseconds, to be asked for with `until`.
    pub(crate) fn after(&self, milliseconds: u64) -> u64 {
        self.now.get().saturating_mul(LENGTH).saturating_add(milliseconds)
    }

    /// Milliseconds until a time.
    pub(crate) fn until(&self, time: u64) -> u64 {
        time.saturating_sub(self.now.get().saturating_mul(LENGTH))
    }

    /// One tick: wakes who is late, forgets who has gone.
    pub(crate) fn tick(&self) {
        self.now.set(self.now.get() + 1);
        let (now, draining) = (self.now.get(), self.draining.get());
        self.waiting.borrow_mut().retain(|slot| {
            if slot.is_late(now, draining)
                && let Some(waker) = slot.waker.borrow_mut().take()
            {
                waker.wake();
            }
            Rc::strong_count(slot) > 1
        });
    }

    /// From now on, whoever has been idle for a second is late, and whoever never spoke will be in a second.
    pub(crate) fn drain(&self) {
        self.draining.set(Some(self.now.get()));
        self.tick();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get().is_some()
    }

    /// Whether somebody has a deadline, set or not.
    pub(crate) fn is_waited_for(&self) -> bool {
        self.waiting.borrow().iter().any(|slot| Rc::strong_count(slot) > 1)
    }

    /// A deadline that is not set.
    pub(crate) fn deadline(self: &Rc<Self>) -> Deadline {
        let slot = Rc::new(Slot {
            due: Cell::new(NEVER),
            idle: Cell::new(None),
            waker: RefCell::new(None),
        });
        self.waiting.borrow_mut().push(slot.clone());
        Deadline {
            slot,
            ticker: self.clone(),
        }
    }
}

impl Slot {
    fn is_late(&self, now: u64, draining: Option<u64>) -> bool {
        let idle = self.idle.get().zip(draining);
        let is_ended = idle.is_some_and(|(since, drain)| now >= since.min(drain).saturating_add(FAREWELL));
        is_ended || self.due.get() <= now
    }
}

impl Deadline {
    /// From now on, so many milliseconds are left, rounded up to the next tick.
    pub(crate) fn set(&self, milliseconds: u64) {
        self.slot.due.set(
            self.ticker
                .now()
                .saturating_add(milliseconds.div_ceil(LENGTH))
                .saturating_add(1),
        );
        self.slot.idle.set(None);
    }

    /// The tick with which it is over.
    pub(crate) fn end(&self) -> u64 {
        self.slot.due.get()
    }

    /// From now on, the share of one among so many of what is left until an end.
    pub(crate) fn share(&self, end: u64, among: usize) {
        let now = self.ticker.now();
        let share = end.saturating_sub(now).div_ceil((among as u64).max(1));
        self.slot.due.set(now.saturating_add(share));
        self.slot.idle.set(None);
    }

    /// As `set`, for a connection that waits for its next request.
    pub(crate) fn set_idle(&self, milliseconds: u64) {
        self.set(milliseconds);
        self.slot.idle.set(Some(self.ticker.now()));
    }

    /// As `set`, for a connection that was accepted and waits for its first request.
    pub(crate) fn set_fresh(&self, milliseconds: u64) {
        self.set(milliseconds);
        self.slot.idle.set(Some(NEVER));
    }

    /// What a future brings before the deadline. A future that is ready is never late.
    pub(crate) async fn within<F: Future>(&self, future: F) -> Result<F::Output, Late> {
        let mut future = pin!(future);
        std::future::poll_fn(|context| self.poll(future.as_mut(), context)).await
    }

    fn poll<F: Future>(&self, future: Pin<&mut F>, context: &mut Context<'_>) -> Poll<Result<F::Output, Late>> {
        if let Poll::Ready(output) = future.poll(context) {
            return Poll::Ready(Ok(output));
        }
        if self.slot.is_late(self.ticker.now(), self.ticker.draining.get()) {
            return Poll::Ready(Err(Late));
        }
        let mut waker = self.slot.waker.borrow_mut();
        if waker.as_ref().is_none_or(|known| !known.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drain_ends_the_idle_first_the_fresh_soon_and_the_busy_never() {
        let ticker: Rc<Ticker> = Rc::default();
        let [idle, fresh, short, busy] = [(); 4].map(|()| ticker.deadline());
        let late = || {
            [&idle, &fresh, &short, &busy].map(|deadline| deadline.slot.is_late(ticker.now(), ticker.draining.get()))
        };
        idle.set_idle(60_000);
        fresh.set_fresh(60_000);
        busy.set(60_000);
        (0..FAREWELL).for_each(|_| ticker.tick());
        short.set_fresh(300);
        assert_eq!(late(), [false; 4]);
        ticker.drain();
        assert_eq!(late(), [true, false, false, false]);
        (0..4).for_each(|_| ticker.tick());
        assert_eq!(late(), [true, false, true, false], "nobody has more than a head's time");
        (0..FAREWELL).for_each(|_| ticker.tick());
        assert_eq!(late(), [true, true, true, false]);
    }
}
