//! The shell inside an app, which has no sockets of its own: one plan, the state that it judges by, and its evidence.
//!
//! Languages are bound to this: `request` is one request, step by step, as an app's server brings its parts. What may not enter
//! here: anything of one language, and a second way to decide.

mod request;

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use yett_engine::plan::{Fault, Sink};
use yett_engine::{Head, Ids, Plan};

use crate::control;
use crate::evidence::{self, Message, Queue, are_same};
use crate::state::{Clock, Ground, State, Wishes};

pub use request::{Misused, Next, Request};

/// One plan around one app, in one process.
pub struct App {
    state: Arc<State>,
    pepper: Option<Vec<u8>>,
    clock: Clock,
    folder: PathBuf,
    /// How the start went, for every request: without evidence none is judged.
    started: OnceLock<Result<Writing, String>>,
    /// Locked while it starts and while a plan is swapped, so that neither misses the other's sinks.
    wishes: Mutex<Option<Wishes>>,
}

/// The way to the writer of evidence, and its thread until it is ended.
struct Writing {
    queue: Queue,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl App {
    /// `deadline`: how long a request waits for a fact. `folder`: where evidence files with relative names lie. No thread is
    /// started before the first request.
    ///
    /// # Errors
    /// What is wrong with the plan.
    pub fn new(
        plan: &[u8],
        pepper: Option<Vec<u8>>,
        clock: Clock,
        deadline: Duration,
        folder: PathBuf,
    ) -> Result<Self, Vec<Fault>> {
        let (state, wishes) = State::new(Plan::load(plan)?, pepper.as_deref(), clock.clone(), deadline)?;
        Ok(Self {
            state,
            pepper,
            clock,
            folder,
            started: OnceLock::new(),
            wishes: Mutex::new(Some(wishes)),
        })
    }

    /// What it judges by.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Swaps the plan, and with it where evidence goes; requests under way end by theirs.
    ///
    /// # Errors
    /// What is wrong with the plan, or that evidence cannot go where it says: the old one stays, whole.
    pub fn swap(&self, plan: &[u8]) -> Result<(), Vec<Fault>> {
        let ground = self.state.prepare(Plan::load(plan)?)?;
        let _starts_not_meanwhile = held(&self.wishes);
        let (before, after) = (self.sinks(&self.state.ground()), self.sinks(&ground));
        if let Some(Ok(writing)) = self.started.get()
            && !are_same(&before, &after)
        {
            let told = writing.queue.tell_blocking(Message::Sinks(after));
            told.map_err(|untold| {
                vec![Fault {
                    pointer: "/gateway/evidence".to_owned(),
                    found: untold.to_string(),
                }]
            })?;
        }
        drop(self.state.swap(ground));
        Ok(())
    }

    /// Begins a request.
    ///
    /// # Errors
    /// What evidence and key sets need did not start, now or before: nothing is judged.
    pub fn request(&self, head: Head, peer: IpAddr, ids: Ids) -> io::Result<Request> {
        let writing = self.started_with(|| self.start())?;
        Ok(Request::begin(
            self.state.clone(),
            writing.queue.clone(),
            head,
            peer,
            ids,
        ))
    }

    /// Writes the evidence that waits, and ends its writer.
    pub fn close(&self) {
        if let Some(Ok(writing)) = self.started.get()
            && let Some(writer) = held(&writing.writer).take()
        {
            writing.queue.close(writer);
        }
    }

    /// What was started, now or before.
    fn started_with(&self, start: impl FnOnce() -> io::Result<Writing>) -> io::Result<&Writing> {
        let started = self.started.get_or_init(|| start().map_err(|error| error.to_string()));
        started.as_ref().map_err(|error| io::Error::other(error.clone()))
    }

    /// Starts what fetches key sets and writes evidence: never when it is built, never before a fork.
    fn start(&self) -> io::Result<Writing> {
        let sinks = self.sinks(&self.state.ground());
        let (queue, writer) = evidence::start(&sinks, self.pepper.as_deref(), self.clock.clone())?;
        if let Some(wishes) = held(&self.wishes).take() {
            control::start(&self.state, wishes, queue.watch())?;
        }
        Ok(Writing {
            queue,
            writer: Mutex::new(Some(writer)),
        })
    }

    fn sinks(&self, ground: &Ground) -> Vec<Sink> {
        let sinks = &ground.plan.gateway.evidence;
        sinks.iter().map(|sink| below(&self.folder, sink)).collect()
    }
}

fn below(folder: &Path, sink: &Sink) -> Sink {
    match sink {
        Sink::File(name) => Sink::File(folder.join(name).to_string_lossy().into_owned()),
        Sink::Stdout => Sink::Stdout,
    }
}

/// A thread that panicked under one of these locks left nothing half done behind.
fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests: what cannot be is a failure")]

    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn a_start_that_failed_fails_every_request() {
        let plan = serde_json::json!({
            "yett": 1, "catalogue": yett_engine::reason::CATALOGUE_HASH, "apis": [],
            "gateway": {
                "listen": [], "admin": "127.0.0.1:0", "threads": 1, "trusted_proxies": [],
                "head": {"bytes": 4096, "headers": 50, "target": 1024},
                "timeouts": {"head": 1, "body": 1, "idle": 1, "drain": 1},
                "held_bytes": 1, "connections": 1, "evidence": [],
            },
        });
        let plan = plan.to_string();
        let app = App::new(plan.as_bytes(), None, Clock::fixed(0), Duration::ZERO, PathBuf::new()).unwrap();
        assert!(app.started_with(|| Err(io::Error::other("no thread"))).is_err());
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        for _ in 0..2 {
            let ids = Ids {
                trace: [1; 16],
                span: [1; 8],
            };
            let begun = app.request(Head::of(b"GET", b"/", &[], peer, false), peer, ids);
            assert_eq!(begun.err().unwrap().to_string(), "no thread");
        }
        app.swap(plan.as_bytes()).unwrap();
        app.close();
    }
}
