//! The counters of all limits: token buckets as one number each (GCRA), in one table for all threads of the process.
//!
//! A bucket is the time at which it is full again. Draws of one rung are had all or none: their shards are locked together, in
//! order. Only full buckets are evicted, for they say no more than an absent one; when all of a shard are live, its new keys
//! share one overflow bucket for each limit.

use std::collections::HashMap;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use smallvec::SmallVec;
use yett_engine::{Draws, Taken, Time, Who};

const SHARDS: usize = 64;
/// Least time between two searches of one shard for full buckets, so that a flood of new keys does not pay for one each.
const SWEEP: u64 = 50_000_000;

/// The table.
pub struct Limits {
    shards: Box<[Mutex<Shard>]>,
    overflow: Mutex<HashMap<u64, u64>>,
    /// How many buckets a shard holds.
    room: usize,
    seeds: [RandomState; 2],
}

/// Names a bucket: a hash, keyed anew in each process, so that nobody outside can choose two keys that meet.
type Name = u128;

/// A name is a hash already.
#[derive(Default)]
struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {}

    #[expect(clippy::cast_possible_truncation, reason = "the low half is the hash")]
    fn write_u128(&mut self, name: u128) {
        self.0 = name as u64;
    }
}

#[derive(Default)]
struct Shard {
    /// When each bucket is full again, in nanoseconds since 1970.
    full_at: HashMap<Name, u64, BuildHasherDefault<Folded>>,
    /// No bucket is full before.
    first_full: u64,
    swept: u64,
}

impl Shard {
    /// Makes room for one more, by evicting full buckets if it must.
    fn make_room(&mut self, room: usize, now: u64) -> bool {
        if self.full_at.len() < room {
            return true;
        }
        if now < self.first_full || now < self.swept.saturating_add(SWEEP) {
            return false;
        }
        self.full_at.retain(|_, full_at| *full_at > now);
        self.first_full = self.full_at.values().min().copied().unwrap_or(u64::MAX);
        self.swept = now;
        self.full_at.len() < room
    }
}

/// One draw, found in the table.
struct Bucket {
    name: Name,
    salt: u64,
    shard: usize,
    /// Where its shard's lock stands among those taken.
    lock: usize,
    /// Full again at this time once the draw is had.
    after: u64,
    /// It is a new key in a shard without room.
    overflows: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self::holding(1 << 20)
    }
}

impl Limits {
    /// A table that holds so many buckets.
    #[must_use]
    pub fn holding(buckets: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            overflow: Mutex::default(),
            room: (buckets / SHARDS).max(1),
            seeds: [RandomState::new(), RandomState::new()],
        }
    }

    /// How many buckets the table holds now, overflow not counted.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| held(shard).full_at.len()).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One token of each draw's bucket, all or none. `salt` names a draw's limit across reloads of the plan.
    pub fn take(&self, draws: &Draws, salt: impl Fn(u32) -> u64, now: Time) -> Taken {
        let now = now.0;
        let mut buckets: SmallVec<[Bucket; 2]> = draws
            .iter()
            .map(|draw| self.bucket(salt(draw.limit), &draw.who))
            .collect();
        let mut locks = self.lock(&mut buckets);
        let mut overflow = None;
        for (index, (bucket, draw)) in buckets.iter_mut().zip(draws).enumerate() {
            let Some(shard) = locks.get_mut(bucket.lock) else {
                continue;
            };
            let full_at = match shard.full_at.get(&bucket.name).copied() {
                Some(full_at) => full_at,
                None if shard.make_room(self.room, now) => now,
                None => {
                    bucket.overflows = true;
                    let shared = overflow.get_or_insert_with(|| held(&self.overflow));
                    shared.get(&bucket.salt).copied().unwrap_or(now)
                }
            };
            let most = now.saturating_add(draw.refill.saturating_mul(u64::from(draw.burst)));
            if full_at > most {
                // Emptier than empty: a reload made the limit smaller or faster, or the clock went back. It fills from now on.
                match &mut overflow {
                    Some(shared) if bucket.overflows => {
                        shared.insert(bucket.salt, most);
                    }
                    Some(_) | None => {
                        shard.full_at.insert(bucket.name, most);
                        shard.first_full = shard.first_full.min(most);
                    }
                }
            }
            bucket.after = full_at.clamp(now, most).saturating_add(draw.refill);
            if bucket.after > most {
                return Taken::Empty {
                    index,
                    wait: bucket.after - most,
                };
            }
        }
        for bucket in buckets {
            match (bucket.overflows, locks.get_mut(bucket.lock), &mut overflow) {
                (true, _, Some(shared)) => {
                    shared.insert(bucket.salt, bucket.after);
                }
                (_, Some(shard), _) => {
                    shard.first_full = shard.first_full.min(bucket.after);
                    shard.full_at.insert(bucket.name, bucket.after);
                }
                (_, None, _) => {}
            }
        }
        Taken::All
    }

    fn bucket(&self, salt: u64, who: &Who) -> Bucket {
        let [one, other] = &self.seeds;
        let key = (salt, who);
        let name = u128::from(one.hash_one(key)) << 64 | u128::from(other.hash_one(key));
        let shard = usize::try_from(name >> 64 & 0xffff).unwrap_or(0) % SHARDS;
        Bucket {
            name,
            salt,
            shard,
            lock: 0,
            after: 0,
            overflows: false,
        }
    }

    /// Locks every shard of the draws once, in order.
    fn lock(&self, buckets: &mut [Bucket]) -> SmallVec<[MutexGuard<'_, Shard>; 2]> {
        let mut wanted: SmallVec<[usize; 4]> = buckets.iter().map(|bucket| bucket.shard).collect();
        wanted.sort_unstable();
        wanted.dedup();
        for bucket in buckets {
            bucket.lock = wanted.binary_search(&bucket.shard).unwrap_or(usize::MAX);
        }
        wanted
            .iter()
            .filter_map(|shard| self.shards.get(*shard))
            .map(held)
            .collect()
    }
}

/// A thread that panicked under the lock left whole numbers behind: the table is as good as before.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
