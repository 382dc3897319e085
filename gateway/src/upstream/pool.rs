//! Connections to upstreams that wait for their next request: one pool for each reactor thread, nothing shared.

use std::cell::RefCell;
use std::mem::MaybeUninit;

use bytes::BytesMut;
use socket2::SockRef;
use tokio::net::TcpStream;

use super::{Open, Server};

/// Idle connections to one upstream that a thread keeps.
const ROOM: usize = 256;
/// Ticks after which an idle connection is closed: 30 seconds.
const PATIENCE: u64 = 300;

/// One connection to an upstream. Nothing of an earlier answer is left in its buffer.
pub(crate) struct Conn {
    pub(crate) stream: TcpStream,
    pub(crate) buffer: BytesMut,
    /// It has served a request before, so the upstream may have closed it meanwhile.
    pub(crate) reused: bool,
    /// It was closed or reset before any octet of an answer to the last request.
    pub(crate) unanswered: bool,
    /// It counts among those to its server.
    pub(super) _open: Open,
}

struct Idle {
    conn: Conn,
    since: u64,
}

/// The pool of one thread, by the number of a server.
#[derive(Default)]
pub(crate) struct Pool {
    idle: RefCell<Vec<Vec<Idle>>>,
}

impl Pool {
    /// The connection that was used last and still lives.
    pub(crate) fn take(&self, server: &Server) -> Option<Conn> {
        let mut pools = self.idle.borrow_mut();
        let pool = pools.get_mut(server.number)?;
        while let Some(Idle { conn, .. }) = pool.pop() {
            if is_quiet(&conn.stream) {
                return Some(conn);
            }
        }
        None
    }

    /// Keeps a connection whose answer is whole, unless more than `most` are open: what waits in one thread is of no use to the
    /// others.
    pub(crate) fn put(&self, server: &Server, mut conn: Conn, most: u32, now: u64) {
        if !conn.buffer.is_empty() || server.open() > most {
            return;
        }
        conn.reused = true;
        let mut pools = self.idle.borrow_mut();
        if pools.len() <= server.number {
            pools.resize_with(server.number + 1, Vec::new);
        }
        if let Some(pool) = pools.get_mut(server.number)
            && pool.len() < ROOM
        {
            pool.push(Idle { conn, since: now });
        }
    }

    /// Closes what nobody needed for long.
    pub(crate) fn sweep(&self, now: u64) {
        for pool in self.idle.borrow_mut().iter_mut() {
            pool.retain(|idle| now < idle.since + PATIENCE);
        }
    }

    /// Closes everything.
    pub(crate) fn clear(&self) {
        self.idle.borrow_mut().clear();
    }
}

/// Neither closed nor speaking out of turn. It asks the kernel: what the runtime knows is as old as its last turn, and octets
/// behind an answer that had no body must not become the answer to somebody else.
fn is_quiet(stream: &TcpStream) -> bool {
    let peeked = SockRef::from(stream).peek(&mut [MaybeUninit::uninit()]);
    matches!(peeked, Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}
