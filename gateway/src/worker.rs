//! The child: from a configuration and inherited sockets to a gateway that serves until it has drained.

use std::io;
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::mpsc as started;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use serde_json::json;
use tokio::runtime::{self, LocalOptions};
use tokio::sync::{mpsc, watch};
use yett_engine::plan::Fault;

use crate::config::{self, Config};
use crate::control::{self, Control};
use crate::evidence;
use crate::log;
use crate::process::{Drain, Process};
use crate::reactor;
use crate::state::{Clock, State};
use crate::tls::Listeners;

/// The sockets that a worker inherits.
pub struct Inherited {
    /// Where clients connect.
    pub listeners: Vec<TcpListener>,
    /// Where health and metrics are asked for.
    pub admin: Option<TcpListener>,
    /// To the parent.
    pub control: Option<UnixStream>,
}

/// Why a worker did not start.
#[derive(Debug)]
pub enum NotStarted {
    /// The configuration is not as documented.
    Config(String),
    /// The first plan, or a given key set, is refused.
    Refused(Vec<Fault>),
    /// The system did not give what a worker needs.
    Io(io::Error),
}

impl From<io::Error> for NotStarted {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Vec<Fault>> for NotStarted {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Refused(faults)
    }
}

/// Serves on this thread and on those that it starts; returns when the gateway has drained.
///
/// # Errors
/// Why it did not start. The parent is told as well when it is a matter of the plan.
pub fn run(config: &str, inherited: Inherited, clock: Clock) -> Result<(), NotStarted> {
    let mut parent = inherited.control.as_ref().map(UnixStream::try_clone).transpose()?;
    let served = serve(config, inherited, clock);
    if let (Err(NotStarted::Refused(faults)), Some(parent)) = (&served, &mut parent) {
        // A parent that cannot be told learns it from the exit code: the faults stay the reason.
        let line = format!("{}\n", control::refusals(faults));
        let _ = io::Write::write_all(parent, line.as_bytes());
    }
    served
}

fn serve(config: &str, inherited: Inherited, clock: Clock) -> Result<(), NotStarted> {
    let Inherited {
        listeners,
        admin,
        control: socket,
    } = inherited;
    let config = Config::read(config).map_err(NotStarted::Config)?;
    config.log.apply();
    let pepper = config.pepper().map_err(NotStarted::Config)?;
    let plan = control::load(&config.plan)?;
    let deadline = Duration::from_millis(config.deadline);
    let (state, wishes) = State::new(plan, pepper.as_deref(), clock.clone(), deadline)?;
    state.give(config::key_sets(&config.given)?);
    state
        .api_keys
        .set(config.keys)
        .map_err(|index| NotStarted::Config(format!("/keys/{index}/hmac: expected 64 hex digits")))?;
    let plan = state.ground().plan.clone();
    let (queue, writer) = evidence::start(&plan.gateway.evidence, pepper.as_deref(), clock)?;
    let tls =
        Listeners::new(&plan.gateway.listen, &config.tls).map_err(|why| NotStarted::Config(format!("/tls{why}")))?;
    let process = Arc::new(Process::new(state, queue.clone(), tls));
    let (drain, draining) = watch::channel(None);
    let addresses = listeners
        .iter()
        .map(TcpListener::local_addr)
        .collect::<io::Result<Vec<_>>>()?;
    let (reactors, ended) = reactors(&process, &listeners, threads(plan.gateway.threads), &draining)?;
    drop(listeners);
    log::info("serving", &[("plan", &plan.hash), ("threads", &reactors.len())]);
    let ready = json!({"ready": {
        "pid": std::process::id(),
        "plan": &*plan.hash,
        "listen": addresses,
        "admin": admin.as_ref().map(TcpListener::local_addr).transpose()?,
    }});
    drop(plan);
    let runtime = runtime::Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    let control = Control {
        process,
        wishes,
        socket,
        admin,
        drain,
        ended,
        ready,
    };
    let lived = runtime.block_on(control::live(control));
    for reactor in reactors {
        let _ = reactor.join();
    }
    runtime.shutdown_background();
    queue.close(writer);
    Ok(lived?)
}

fn threads(planned: u32) -> usize {
    match usize::try_from(planned) {
        Ok(0) | Err(_) => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        Ok(planned) => planned,
    }
}

type Reactors = (Vec<JoinHandle<()>>, mpsc::UnboundedReceiver<u32>);

/// Starts the reactors, and waits until each of them accepts.
fn reactors(
    process: &Arc<Process>,
    listeners: &[TcpListener],
    threads: usize,
    draining: &watch::Receiver<Option<Drain>>,
) -> io::Result<Reactors> {
    let (end, ended) = mpsc::unbounded_channel();
    let (start, started) = started::channel();
    let mut handles = Vec::with_capacity(threads);
    for number in 0..threads {
        let listeners = listeners
            .iter()
            .map(TcpListener::try_clone)
            .collect::<io::Result<Vec<_>>>()?;
        let (process, draining, end, start) = (process.clone(), draining.clone(), end.clone(), start.clone());
        let name = format!("yett-reactor-{number}");
        handles.push(Builder::new().name(name).spawn(move || {
            let failed = start.clone();
            let cut = reactor::run(process, listeners, draining, move || {
                let _ = start.send(Ok(()));
            });
            let _ = end.send(match cut {
                Ok(cut) => cut,
                Err(error) => {
                    let _ = failed.send(Err(error));
                    0
                }
            });
        })?);
    }
    drop(start);
    for _ in 0..threads {
        started
            .recv()
            .unwrap_or_else(|_| Err(io::Error::other("a reactor ended before it began")))?;
    }
    Ok((handles, ended))
}
