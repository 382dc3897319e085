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
/// Ticks that a drain leaves to a connection that was busy a moment ago: its next request gets an answer that ends it in order.
const FAREWELL: u64 = 10;

/// The thread's coarse clock, and everyone who waits for it.
#[derive(Default)]
pub(crate) struct Ticker {
    now: Cell<u64>,
    draining: Cell<bool>,
    waiting: RefCell<Vec<Rc<Slot>>>,
}

struct Slot {
    due: Cell<u64>,
    /// Since when it waits for nothing that was begun: a drain ends it.
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

    /// From now on, whoever has been idle for a second is late.
    pub(crate) fn drain(&self) {
        self.draining.set(true);
        self.tick();
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.get()
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
    fn is_late(&self, now: u64, draining: bool) -> bool {
        self.due.get() <= now
            || (draining
                && self
                    .idle
                    .get()
                    .is_some_and(|since| now >= since.saturating_add(FAREWELL)))
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

    /// As `set`, for a connection that waits for its next request.
    pub(crate) fn set_idle(&self, milliseconds: u64) {
        self.set(milliseconds);
        self.slot.idle.set(Some(self.ticker.now()));
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
        if self.slot.is_late(self.ticker.now(), self.ticker.is_draining()) {
            return Poll::Ready(Err(Late));
        }
        let mut waker = self.slot.waker.borrow_mut();
        if waker.as_ref().is_none_or(|known| !known.will_wake(context.waker())) {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}
