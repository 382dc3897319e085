//! What a million counters cost: in a process of its own, because all of its memory is measured.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::net::{IpAddr, Ipv4Addr};

use yett_engine::{Draw, Draws, Taken, Time, Who};
use yett_gateway::state::Limits;

const SECOND: u64 = 1_000_000_000;
const NOW: Time = Time(1_000 * SECOND);

fn take(limits: &Limits, who: u32) -> Taken {
    let draw = Draw {
        limit: 0,
        who: Who::Address(IpAddr::V4(Ipv4Addr::from_bits(who))),
        burst: 5,
        refill: SECOND,
    };
    limits.take(&Draws::from_iter([draw]), u64::from, NOW)
}

fn resident() -> u64 {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn a_million_keys_stay_below_150_megabytes_and_leave_a_victim_alone() {
    let before = resident();
    let limits = Limits::default();
    let victim = u32::MAX;
    for _ in 0..5 {
        assert_eq!(take(&limits, victim), Taken::All);
    }
    for who in 0..1_000_000 {
        assert_eq!(take(&limits, who), Taken::All);
    }
    assert!(limits.len() > 900_000, "{}", limits.len());
    let grown = resident() - before;
    assert!(grown < 150_000_000, "{grown} bytes");
    assert_eq!(take(&limits, victim), Taken::Empty { index: 0, wait: SECOND });
}
