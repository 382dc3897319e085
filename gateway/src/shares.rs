//! What each client address has of a thing that all share: a table of a fixed size, so that no number of clients makes it grow.
//!
//! Addresses whose keyed hashes meet are counted as one. Nobody can choose whom they meet, and what all together may have keeps
//! a place from filling by chance.

use std::hash::{BuildHasher as _, RandomState};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};

const PLACES: u64 = 8_192;

/// The table.
pub(crate) struct Shares {
    key: RandomState,
    taken: Box<[AtomicU64]>,
}

/// Where an address is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct At(usize);

impl Default for Shares {
    fn default() -> Self {
        Self {
            key: RandomState::new(),
            taken: (0..PLACES).map(|_| AtomicU64::new(0)).collect(),
        }
    }
}

impl Shares {
    /// The place of an address; IPv6 by its /64, for whoever has one address of it has all.
    pub(crate) fn at(&self, address: IpAddr) -> At {
        let hash = self.key.hash_one(block(address));
        At(usize::try_from(hash % PLACES).unwrap_or_default())
    }

    /// Takes so much: what was taken before.
    pub(crate) fn take(&self, At(place): At, amount: u64) -> u64 {
        let taken = self.taken.get(place);
        taken.map_or(0, |taken| taken.fetch_add(amount, Ordering::Relaxed))
    }

    /// Gives so much back.
    pub(crate) fn give(&self, At(place): At, amount: u64) {
        if let Some(taken) = self.taken.get(place) {
            taken.fetch_sub(amount, Ordering::Relaxed);
        }
    }
}

fn block(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into(),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_client_is_an_address_or_a_block_of_them() {
        let shares = Shares::default();
        let at = |address: &str| shares.at(address.parse().unwrap());
        assert_eq!(at("192.0.2.1"), at("::ffff:192.0.2.1"));
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:2"));
        let others = (0..64u32).map(|number| shares.at(Ipv6Addr::from_bits(u128::from(number) << 64).into()));
        let mut others: Vec<_> = others.map(|At(place)| place).collect();
        others.sort_unstable();
        others.dedup();
        assert!(others.len() > 50, "they lie apart: {}", others.len());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let shares = Shares::default();
        let place = shares.at("192.0.2.1".parse().unwrap());
        assert_eq!((shares.take(place, 5), shares.take(place, 2)), (0, 5));
        shares.give(place, 7);
        assert_eq!(shares.take(place, 1), 0);
    }
}
