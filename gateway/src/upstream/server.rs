//! What all threads of the process know of one host and port: how busy it is, and whether it could be reached. No I/O here.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Milliseconds for which others are asked before one that could not be reached.
const PENANCE: u64 = 2_000;

/// One host and port.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its place among the servers of this process: what pools are sorted by.
    pub(crate) number: usize,
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    /// Known without asking a resolver.
    pub(crate) address: Option<SocketAddr>,
    under_way: AtomicU32,
    /// Until when it is asked last; 0: it could be reached.
    down: AtomicU64,
}

impl Server {
    /// Requests that it has not answered to their end.
    pub(crate) fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Whether it could not be reached lately.
    pub(crate) fn is_down(&self, now: u64) -> bool {
        now < self.down.load(Ordering::Relaxed)
    }

    /// It could not be reached.
    pub(crate) fn missed(&self, now: u64) {
        self.down.store(now + PENANCE, Ordering::Relaxed);
    }

    /// It could be reached.
    pub(crate) fn reached(&self) {
        if self.down.load(Ordering::Relaxed) > 0 {
            self.down.store(0, Ordering::Relaxed);
        }
    }

    pub(super) fn begin(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn end(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Every server that a plan of this process has named.
pub(crate) struct Servers {
    began: Instant,
    known: Mutex<Vec<Arc<Server>>>,
}

impl Default for Servers {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            known: Mutex::default(),
        }
    }
}

impl Servers {
    /// Milliseconds since they began: the time of all that is kept of them, whatever becomes of the system's clock.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// The one of a host and port; plans that name the same one share it.
    pub(crate) fn at(&self, host: &str, port: u16) -> Arc<Server> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(server) = known.iter().find(|server| *server.host == *host && server.port == port) {
            return server.clone();
        }
        let server = Arc::new(Server {
            number: known.len(),
            host: host.into(),
            port,
            address: host
                .parse::<IpAddr>()
                .ok()
                .map(|address| SocketAddr::new(address, port)),
            under_way: AtomicU32::new(0),
            down: AtomicU64::new(0),
        });
        known.push(server.clone());
        server
    }
}
