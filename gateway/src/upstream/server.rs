//! What all threads of the process know of one host and port: how busy it is, and whether it could be reached. No I/O here.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Instant;

use super::addresses::Addresses;
use super::conduct::Conduct;

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
    /// What the resolver said.
    pub(crate) addresses: Addresses,
    under_way: AtomicU32,
    /// Connections, idle ones too.
    open: AtomicU32,
    /// Until when it is asked last; 0: it could be reached.
    down: AtomicU64,
    /// It did not even refuse: who tries waits.
    silent: AtomicBool,
}

impl Server {
    /// Requests that it has not answered to their end.
    pub(crate) fn under_way(&self) -> u32 {
        self.under_way.load(Ordering::Relaxed)
    }

    /// Connections to it.
    pub(crate) fn open(&self) -> u32 {
        self.open.load(Ordering::Relaxed)
    }

    /// Milliseconds for which it is asked last, for it could not be reached.
    pub(crate) fn down(&self, now: u64) -> u64 {
        self.down.load(Ordering::Relaxed).saturating_sub(now)
    }

    /// Whether to try is worth it: where nobody answered lately, one request tries for all once its time is over.
    pub(crate) fn may_connect(&self, now: u64) -> bool {
        if !self.silent.load(Ordering::Relaxed) {
            return true;
        }
        let down = self.down.load(Ordering::Relaxed);
        let next = now + PENANCE;
        now >= down
            && self
                .down
                .compare_exchange(down, next, Ordering::Relaxed, Ordering::Relaxed)
                .is_ok()
    }

    /// It could not be reached: it refused, or was silent.
    pub(crate) fn missed(&self, now: u64, silent: bool) {
        self.down.store(now + PENANCE, Ordering::Relaxed);
        self.silent.store(silent, Ordering::Relaxed);
    }

    /// It could be reached.
    pub(crate) fn reached(&self) {
        if self.down.load(Ordering::Relaxed) > 0 {
            self.silent.store(false, Ordering::Relaxed);
            self.down.store(0, Ordering::Relaxed);
        }
    }

    /// Counts a request, unless so many are under way.
    pub(super) fn begin(&self, most: u32) -> bool {
        let fits = self.under_way.fetch_add(1, Ordering::Relaxed) < most;
        if !fits {
            self.end();
        }
        fits
    }

    pub(super) fn end(&self) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that counts among those to its server for as long as this lives.
pub(crate) struct Open(Arc<Server>);

impl Open {
    pub(super) fn begin(server: &Arc<Server>) -> Self {
        server.open.fetch_add(1, Ordering::Relaxed);
        Self(server.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Every server that a plan of this process has named.
pub(crate) struct Servers {
    began: Instant,
    known: Mutex<Vec<Arc<Server>>>,
    records: Mutex<Vec<Record>>,
}

/// How a URL of an API has behaved, for as long as a plan that names it lives.
struct Record {
    api: Box<str>,
    url: Box<str>,
    conduct: Weak<Conduct>,
}

impl Default for Servers {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            known: Mutex::default(),
            records: Mutex::default(),
        }
    }
}

impl Servers {
    /// Milliseconds since they began: the time of all that is kept of them, whatever becomes of the system's clock.
    pub(crate) fn now(&self) -> u64 {
        self.clock()()
    }

    /// Tells that time, also when the caller is gone.
    pub(super) fn clock(&self) -> impl Fn() -> u64 + Copy + use<> {
        let began = self.began;
        move || u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX)
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
            addresses: Addresses::default(),
            under_way: AtomicU32::new(0),
            open: AtomicU32::new(0),
            down: AtomicU64::new(0),
            silent: AtomicBool::new(false),
        });
        known.push(server.clone());
        server
    }
    /// How a URL of an API has behaved: a plan that names it again goes on with it.
    pub(crate) fn conduct(&self, api: &str, url: &str) -> Arc<Conduct> {
        let mut records = self.records.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|record| record.conduct.strong_count() > 0);
        let known = records.iter().find(|record| *record.api == *api && *record.url == *url);
        if let Some(conduct) = known.and_then(|record| record.conduct.upgrade()) {
            return conduct;
        }
        let conduct = Arc::new(Conduct::default());
        records.push(Record {
            api: api.into(),
            url: url.into(),
            conduct: Arc::downgrade(&conduct),
        });
        conduct
    }
}
