//! Reads the rest of an answer that nobody waits for, where that costs less than another connection. Nobody gets it.

use std::rc::Rc;

use bytes::BytesMut;
use tokio::task::spawn_local;

use super::send::Answering;
use crate::reactor::Thread;
use crate::upstream::{BodyReader, Part};

/// The milliseconds and the octets that a connection is worth.
const WORTH: (u64, usize) = (500, 65_536);

/// Keeps the connection of an answer for another request, unless more than `most` are open.
pub(super) fn keep(thread: &Rc<Thread>, mut answering: Answering, most: u32) {
    let Answering { head, broke, .. } = &answering;
    if *broke || !head.keep_alive || !answering.sent_whole {
        return;
    }
    match discard_what_is_here(&mut answering.body, &mut answering.conn.buffer) {
        Some(true) => put(thread, answering, most),
        Some(false) => drop(spawn_local(read(thread.clone(), answering, most))),
        None => {}
    }
}

/// A drain does not wait for it.
async fn read(thread: Rc<Thread>, mut answering: Answering, most: u32) {
    let (milliseconds, mut worth) = WORTH;
    let deadline = thread.ticker.deadline();
    deadline.set_idle(milliseconds);
    let (mut receiver, body) = answering.receiver();
    while let Ok(octets) = receiver.octets(body, &deadline).await {
        let Some(octets) = octets else {
            return put(&thread, answering, most);
        };
        match worth.checked_sub(octets.len()) {
            Some(left) => worth = left,
            None => return,
        }
    }
}

fn put(thread: &Thread, answering: Answering, most: u32) {
    let Answering { conn, asked, .. } = answering;
    thread.pool.put(&asked.server, conn, most, thread.ticker.now());
}

/// Whether the answer is whole once what is here of it is thrown away; none: it is malformed.
fn discard_what_is_here(body: &mut BodyReader, buffer: &mut BytesMut) -> Option<bool> {
    loop {
        match body.next(buffer) {
            Ok(Part::Octets(_)) => {}
            Ok(Part::End) => return Some(true),
            Ok(Part::NeedMore) => return Some(false),
            Err(_) => return None,
        }
    }
}
