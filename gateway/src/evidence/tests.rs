//! What no socket reaches: a torn file that is opened anew, records behind the end, a writer that hangs.
#![expect(clippy::unwrap_used, reason = "tests: what cannot be is a failure")]

use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use yett_engine::plan::Sink as Described;
use yett_engine::{Ids, Plan, Session, Time};

use super::sink::Sink;
use super::writer::Writer;
use super::{Message, Queue, ROOM, Record, Untold, start};
use crate::state::{Clock, Ground, KeySets};
use crate::upstream::Servers;

fn record(clock: &Clock) -> Record {
    let plan = serde_json::json!({
        "yett": 1, "catalogue": yett_engine::reason::CATALOGUE_HASH, "apis": [],
        "gateway": {
            "listen": [], "admin": "127.0.0.1:0", "threads": 1, "trusted_proxies": [],
            "head": {"bytes": 4096, "headers": 50, "target": 1024},
            "timeouts": {"head": 1, "body": 1, "idle": 1, "drain": 1},
            "held_bytes": 1, "connections": 1, "evidence": [],
        },
    });
    let plan = Plan::load(plan.to_string().as_bytes()).unwrap();
    let ground = Arc::new(Ground::new(plan, &KeySets::default(), &Servers::default()).unwrap());
    let ids = Ids {
        trace: [1; 16],
        span: [1; 8],
    };
    let finished = Session::new(ground.plan.clone(), ids).finish();
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    Record::of(ground, finished, peer, (0, 1), clock)
}

#[test]
fn a_file_that_is_opened_anew_does_not_begin_with_an_empty_line() {
    let path = std::env::temp_dir().join(format!("yett-torn-{}", std::process::id()));
    let mut sink = Sink::new(&Described::File(path.to_str().unwrap().to_owned()));
    sink.torn = true;
    sink.reopen();
    sink.take(b"{}\n", 1, &Clock::fixed(0)).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{}\n");
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(
        mode & 0o777 & !0o640,
        0,
        "{mode:o}: others cannot read it, and only its owner can write"
    );
    assert_eq!(mode & 0o600, 0o600, "{mode:o}");
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn records_behind_the_end_are_counted() {
    let clock = Clock::fixed(0);
    let (queue, messages) = Queue::new();
    queue.put(vec![record(&clock)]);
    queue.tell_blocking(Message::End).unwrap();
    queue.put(vec![record(&clock), record(&clock)]);
    Writer::new(&queue, &[], None, clock).unwrap().run(&messages);
    assert_eq!(queue.dropped(), 2);
}

#[test]
fn a_writer_that_hangs_is_spoken_of_once_an_interval() {
    let clock = Clock::fixed(0);
    let (queue, _messages) = Queue::new();
    let interval = Duration::from_secs(10);
    let (mut watch, begin) = (queue.watch(), Instant::now());
    let put = |count: usize| (0..count).for_each(|_| queue.put(vec![record(&clock)]));
    put(ROOM);
    assert_eq!(
        (queue.dropped(), watch.look(begin)),
        (0, None),
        "it is full, and nothing is lost"
    );
    put(3);
    assert_eq!((queue.dropped(), watch.look(begin)), (3, Some(3)));
    put(2);
    assert_eq!((queue.dropped(), watch.look(begin + interval / 2)), (5, None));
    assert_eq!(watch.look(begin + interval), Some(2), "those that it has not spoken of");
    assert_eq!(watch.look(begin + 2 * interval), None, "nothing more was lost");
}

#[test]
fn a_request_that_was_never_judged_has_the_clock_s_time() {
    assert_eq!(record(&Clock::fixed(7_000_000_000)).time, Time(7_000_000_000));
}

#[test]
fn who_cannot_tell_the_writer_learns_it() {
    let (queue, messages) = Queue::new();
    while queue.sender.try_send(Message::End).is_ok() {}
    assert_eq!(queue.tell_blocking(Message::Sinks(Vec::new())), Err(Untold), "it hangs");
    drop(messages);
    assert_eq!(
        queue.tell_blocking(Message::Sinks(Vec::new())),
        Err(Untold),
        "it has ended"
    );
    let (queue, writer) = start(&[], None, Clock::fixed(0)).unwrap();
    assert_eq!(queue.tell_blocking(Message::Sinks(Vec::new())), Ok(()));
    queue.close(writer);
}
