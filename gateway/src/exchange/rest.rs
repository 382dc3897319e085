//! Reads the rest of an answer that nobody waits for, where that costs less than another connection. Nobody gets it.

use std::rc::Rc;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::task::spawn_local;

use super::send::Answering;
use crate::reactor::Thread;
use crate::upstream::{BodyReader, Conn, Part, Receiver, Server};

/// The milliseconds and the octets that a connection is worth.
const WORTH: (u64, usize) = (500, 65_536);

/// Keeps the connection of an answer for another request, unless more than `most` are open.
pub(super) fn keep(thread: &Rc<Thread>, answering: Answering, most: u32) {
    let Answering { head, broke, .. } = &answering;
    if *broke || !head.keep_alive || !answering.sent_whole {
        return;
    }
    let Answering {
        mut conn,
        asked,
        mut body,
        ..
    } = answering;
    let server = asked.server.clone();
    match discard_what_is_here(&mut body, &mut conn.buffer) {
        Some(true) => thread.pool.put(&server, conn, most, thread.ticker.now()),
        Some(false) => drop(spawn_local(read(thread.clone(), server, (conn, body), most))),
        None => {}
    }
}

/// A drain does not wait for it.
async fn read(thread: Rc<Thread>, server: Arc<Server>, (mut conn, mut body): (Conn, BodyReader), most: u32) {
    let (milliseconds, mut worth) = WORTH;
    let deadline = thread.ticker.deadline();
    deadline.set_idle(milliseconds);
    let mut receiver = Receiver {
        stream: &mut conn.stream,
        buffer: &mut conn.buffer,
    };
    while let Ok(octets) = receiver.octets(&mut body, &deadline).await {
        let Some(octets) = octets else {
            return thread.pool.put(&server, conn, most, thread.ticker.now());
        };
        match worth.checked_sub(octets.len()) {
            Some(left) => worth = left,
            None => return,
        }
    }
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
