//! The clock of a shell, given when it is built: the system's, or one that stands until it is set. Nothing else tells the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use yett_engine::Time;

/// Where the time of decisions comes from. Clones show the same time.
#[derive(Clone)]
pub struct Clock(Source);

#[derive(Clone)]
enum Source {
    System,
    Fixed(Arc<AtomicU64>),
    Asked(Arc<dyn Fn() -> Time + Send + Sync>),
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at so many nanoseconds since 1970 until it is set.
    #[must_use]
    pub fn fixed(nanoseconds: u64) -> Self {
        Self(Source::Fixed(Arc::new(AtomicU64::new(nanoseconds))))
    }

    /// A clock that asks for the time.
    #[must_use]
    pub fn asked(source: impl Fn() -> Time + Send + Sync + 'static) -> Self {
        Self(Source::Asked(Arc::new(source)))
    }

    /// Sets a fixed clock and all of its clones; false where the clock is not fixed.
    pub fn set(&self, nanoseconds: u64) -> bool {
        match &self.0 {
            Source::Fixed(time) => {
                time.store(nanoseconds, Ordering::SeqCst);
                true
            }
            Source::System | Source::Asked(_) => false,
        }
    }

    /// The time.
    pub fn now(&self) -> Time {
        match &self.0 {
            Source::System => Time(
                SystemTime::now()
                    .duration_since(UNIX_EPOCH)
                    .map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)),
            ),
            Source::Fixed(time) => Time(time.load(Ordering::SeqCst)),
            Source::Asked(source) => source(),
        }
    }
}
