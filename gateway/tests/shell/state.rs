//! What a process knows, without a socket: counters that are exact under threads and bounded in memory, tokens, keys.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use yett_engine::{Draw, Draws, Taken, Time, Who};
use yett_gateway::state::{Limits, Row, Seen};

const SECOND: u64 = 1_000_000_000;

fn draw(limit: u32, who: u32, burst: u32) -> Draw {
    Draw {
        limit,
        who: Who::Address(IpAddr::V4(Ipv4Addr::from_bits(who))),
        burst,
        refill: SECOND,
    }
}

fn take(limits: &Limits, draws: &[Draw], now: u64) -> Taken {
    let draws: Draws = draws.iter().cloned().collect();
    limits.take(&draws, u64::from, Time(now))
}

#[test]
fn a_bucket_gives_its_burst_and_then_what_comes_back() {
    let limits = Limits::default();
    let now = 1_000 * SECOND;
    for _ in 0..3 {
        assert_eq!(take(&limits, &[draw(0, 1, 3)], now), Taken::All);
    }
    assert_eq!(
        take(&limits, &[draw(0, 1, 3)], now),
        Taken::Empty { index: 0, wait: SECOND }
    );
    assert_eq!(
        take(&limits, &[draw(0, 2, 3)], now),
        Taken::All,
        "another address has its own"
    );
    assert_eq!(
        take(&limits, &[draw(1, 1, 3)], now),
        Taken::All,
        "another limit has its own"
    );
    assert_eq!(
        take(&limits, &[draw(0, 1, 3)], now + SECOND / 2),
        Taken::Empty {
            index: 0,
            wait: SECOND / 2
        }
    );
    assert_eq!(take(&limits, &[draw(0, 1, 3)], now + SECOND), Taken::All);
    assert_eq!(
        take(&limits, &[draw(0, 1, 3)], now + SECOND),
        Taken::Empty { index: 0, wait: SECOND }
    );
}

#[test]
fn an_exhausted_bucket_comes_back_as_fast_as_a_reloaded_limit_says() {
    let limits = Limits::default();
    let now = 1_000 * SECOND;
    let slow = Draw {
        refill: 3_600 * SECOND,
        ..draw(0, 1, 3)
    };
    for _ in 0..3 {
        assert_eq!(take(&limits, std::slice::from_ref(&slow), now), Taken::All);
    }
    assert_eq!(
        take(&limits, &[draw(0, 1, 2)], now),
        Taken::Empty { index: 0, wait: SECOND }
    );
    assert_eq!(take(&limits, &[draw(0, 1, 2)], now + SECOND), Taken::All);
    assert_eq!(
        take(&limits, &[draw(0, 1, 2)], now + SECOND),
        Taken::Empty { index: 0, wait: SECOND }
    );
}

#[test]
fn draws_of_one_rung_are_had_all_or_none() {
    let limits = Limits::default();
    let now = SECOND;
    assert_eq!(take(&limits, &[draw(1, 1, 1)], now), Taken::All);
    for _ in 0..5 {
        let taken = take(&limits, &[draw(0, 1, 2), draw(1, 1, 1)], now);
        assert_eq!(taken, Taken::Empty { index: 1, wait: SECOND });
    }
    assert_eq!(take(&limits, &[draw(0, 1, 2)], now), Taken::All);
    assert_eq!(
        take(&limits, &[draw(0, 1, 2)], now),
        Taken::All,
        "a draw that was not had took nothing"
    );
    assert_eq!(
        take(&limits, &[draw(0, 1, 2)], now),
        Taken::Empty { index: 0, wait: SECOND }
    );
}

#[test]
fn all_threads_with_one_key_admit_exactly_the_limit() {
    let limits = Arc::new(Limits::default());
    let admitted = Arc::new(AtomicU32::new(0));
    std::thread::scope(|scope| {
        for thread in 0..8u32 {
            let (limits, admitted) = (limits.clone(), admitted.clone());
            scope.spawn(move || {
                for turn in 0..1_000 {
                    // Two draws in either order, so that shards are wanted in both.
                    let mut draws = [draw(0, 7, 500), draw(1, 7 + thread % 2, 100_000)];
                    if turn % 2 == 0 {
                        draws.reverse();
                    }
                    if take(&limits, &draws, SECOND) == Taken::All {
                        admitted.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(admitted.load(Ordering::Relaxed), 500);
}

#[test]
fn when_all_buckets_are_live_new_keys_share_one() {
    let limits = Limits::holding(64 * 4);
    let now = 1_000 * SECOND;
    let mut refused = 0;
    for who in 0..2_000 {
        refused += u32::from(take(&limits, &[draw(0, who, 3)], now) != Taken::All);
    }
    assert!(limits.len() <= 256);
    assert_eq!(
        refused,
        2_000 - u32::try_from(limits.len()).unwrap() - 3,
        "the overflow bucket gave its burst, once"
    );
    assert_eq!(
        take(&limits, &[draw(1, 5_000, 3)], now),
        Taken::All,
        "each limit overflows by itself"
    );
    let later = now + SECOND;
    for who in 10_000..10_020 {
        assert_eq!(
            take(&limits, &[draw(0, who, 3)], later),
            Taken::All,
            "full buckets made room"
        );
    }
}

#[test]
fn only_full_buckets_are_evicted() {
    let limits = Limits::holding(64);
    let now = 1_000 * SECOND;
    let victim = draw(0, u32::MAX, 100);
    for _ in 0..100 {
        assert_eq!(take(&limits, std::slice::from_ref(&victim), now), Taken::All);
    }
    for who in 0..10_000 {
        let _ = take(&limits, &[draw(0, who, 1)], now + 50 * SECOND);
    }
    let left = (0..200)
        .filter(|_| take(&limits, std::slice::from_ref(&victim), now + 50 * SECOND) == Taken::All)
        .count();
    assert_eq!(left, 50, "what came back since, and not a full bucket");
}

#[test]
fn an_exhausted_overflow_bucket_comes_back_as_fast_as_a_reloaded_limit_says() {
    let limits = Limits::holding(64);
    let now = 1_000 * SECOND;
    let slow = |who| Draw {
        refill: 3_600 * SECOND,
        ..draw(0, who, 2)
    };
    for who in 0..10_000 {
        let _ = take(&limits, &[slow(who)], now);
    }
    assert_eq!(
        take(&limits, &[draw(0, 10_000, 2)], now),
        Taken::Empty { index: 0, wait: SECOND }
    );
    assert_eq!(take(&limits, &[draw(0, 10_001, 2)], now + SECOND), Taken::All);
}

#[test]
fn a_digest_is_first_once_until_it_expires() {
    let seen = Seen::holding(2);
    let (now, end) = (Time(10), Time(20));
    assert_eq!(seen.first(&[1; 32], end, now), Some(true));
    assert_eq!(seen.first(&[1; 32], end, now), Some(false));
    assert_eq!(seen.first(&[2; 32], Time(30), now), Some(true));
    assert_eq!(seen.first(&[3; 32], end, now), None, "no room, so nobody is the first");
    assert_eq!(seen.first(&[2; 32], end, now), Some(false));
    assert_eq!(seen.first(&[1; 32], Time(40), end), Some(true), "it has expired");
    assert_eq!(seen.first(&[2; 32], Time(40), end), Some(false));
    assert_eq!(seen.first(&[1; 32], Time(40), Time(30)), Some(false), "remembered anew");
}

#[test]
fn a_full_store_of_digests_answers_at_once() {
    let seen = Seen::holding(1 << 14);
    let digest = |number: u32| {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_be_bytes());
        digest
    };
    let full = (0..).find(|number| seen.first(&digest(*number), Time(2), Time(1)).is_none());
    assert_eq!(full, Some(1 << 14));
    let began = std::time::Instant::now();
    for number in 0..200_000 {
        let known = (number < 1 << 14).then_some(false);
        assert_eq!(seen.first(&digest(number), Time(2), Time(1)), known);
    }
    assert!(
        began.elapsed().as_secs() < 2,
        "each searched all: {:?}",
        began.elapsed()
    );
}

#[test]
fn a_row_with_an_unknown_member_is_none() {
    let row = |member: &str| {
        let text = format!(r#"{{"hmac": "00", "id": "k", "subject": "s", "{member}": 1}}"#);
        serde_json::from_str::<Row>(&text)
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert_eq!(row("expires"), Ok(()));
    assert!(row("expire").unwrap_err().contains("unknown field `expire`"));
}
