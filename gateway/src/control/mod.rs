//! The control thread: key sets, health checks, plans, drains, and the parent's word; it never sees a request.
//!
//! How parent and child speak is `docs/control-protocol.md`: newline-delimited JSON on an inherited Unix socket, one reply for
//! each message, in order. What may not enter here: anything that a request waits for, but key sets.

mod admin;
mod facts;
mod health;
mod message;
mod socket;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tokio::task::spawn_local;
use tokio::time::Instant;

use crate::log;
use crate::process::{Drain, Process};
use crate::state::Wishes;

pub(crate) use facts::start;
use message::{Done, Order};
pub(crate) use message::{load, refusals};
use socket::Socket;

/// What the control thread holds in its hands.
pub(crate) struct Control {
    pub(crate) process: Arc<Process>,
    pub(crate) wishes: Wishes,
    pub(crate) socket: Option<std::os::unix::net::UnixStream>,
    pub(crate) admin: Option<std::net::TcpListener>,
    /// Tells the reactors to end.
    pub(crate) drain: watch::Sender<Option<Drain>>,
    /// Each reactor says here that it has ended, and how many requests it cut.
    pub(crate) ended: mpsc::UnboundedReceiver<u32>,
    /// What is said first.
    pub(crate) ready: Value,
}

/// Lives until the reactors have ended.
///
/// # Errors
/// Where the thread cannot begin.
pub(crate) async fn live(control: Control) -> io::Result<()> {
    let Control {
        process,
        wishes,
        socket,
        admin,
        drain,
        mut ended,
        ready,
    } = control;
    let mut signals = Signals::new()?;
    spawn_local(facts::serve(process.state.clone(), wishes));
    spawn_local(health::serve(process.state.clone()));
    spawn_local(process.evidence.watch().keep());
    if let Some(admin) = admin {
        admin.set_nonblocking(true)?;
        spawn_local(admin::serve(
            process.clone(),
            tokio::net::TcpListener::from_std(admin)?,
            drain.subscribe(),
        ));
    }
    let mut socket = socket.map(Socket::new).transpose()?;
    say(&mut socket, &ready).await;
    let mut orders = message::Orders::new(process.clone(), drain.subscribe());
    let (patience, id) = loop {
        tokio::select! {
            line = hear(&mut socket) => match line {
                Some(line) => match orders.obey(&line).await {
                    Done::Say(reply) => say(&mut socket, &reply).await,
                    Done::Drain { patience, id } => break (patience, id),
                },
                None => {
                    socket = None;
                    log::warning("the parent is gone; serving on", &[]);
                }
            },
            order = signals.next() => match order {
                Order::Drain => break (None, None),
                Order::Reopen => {
                    orders.reopen().await;
                }
            },
            () = tokio::time::sleep(Duration::from_secs(1)) => orders.drop_old(),
        }
    };
    let patience = bounded(patience.unwrap_or(process.state.ground().plan.gateway.timeouts.drain));
    log::info("draining", &[("patience_ms", &patience.as_millis())]);
    drain.send_replace(Some(Drain {
        patience,
        at_once: false,
    }));
    let mut ids = vec![id];
    let mut cut_at = None;
    let mut cut = 0;
    loop {
        tokio::select! {
            ending = ended.recv() => match ending {
                Some(requests) => cut += requests,
                None => break,
            },
            line = hear(&mut socket) => match line {
                Some(line) => match orders.obey(&line).await {
                    Done::Say(reply) => say(&mut socket, &reply).await,
                    Done::Drain { patience, id } => {
                        ids.push(id);
                        cut_at = sooner(cut_at, patience);
                    }
                },
                None => socket = None,
            },
            order = signals.next() => match order {
                Order::Drain => cut_at = sooner(cut_at, Some(0)),
                Order::Reopen => {
                    orders.reopen().await;
                }
            },
            () = until(cut_at) => {
                drain.send_replace(Some(Drain { patience: Duration::ZERO, at_once: true }));
                cut_at = None;
            }
        }
    }
    log::info("drained", &[("requests_cut", &cut)]);
    for id in ids {
        let drained = json!({"drained": {"requests": cut}});
        say(&mut socket, &message::with_id(drained, id)).await;
    }
    Ok(())
}

/// No drain is waited for longer than a day.
fn bounded(patience: u64) -> Duration {
    Duration::from_millis(patience.min(86_400_000))
}

/// The earlier of two ends: an order to drain may shorten the one under way, and nothing makes it longer.
fn sooner(end: Option<Instant>, patience: Option<u64>) -> Option<Instant> {
    let other = patience.map(|patience| Instant::now() + bounded(patience));
    end.into_iter().chain(other).min()
}

async fn until(end: Option<Instant>) {
    match end {
        Some(end) => tokio::time::sleep_until(end).await,
        None => std::future::pending().await,
    }
}

/// The next line of the parent; none: it is gone. Without a parent it is waited for forever.
async fn hear(socket: &mut Option<Socket>) -> Option<Vec<u8>> {
    match socket {
        Some(socket) => socket.line().await,
        None => std::future::pending().await,
    }
}

async fn say(socket: &mut Option<Socket>, reply: &Value) {
    if let Some(open) = socket
        && open.say(reply).await.is_err()
    {
        *socket = None;
        log::warning("the parent is gone; serving on", &[]);
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::Drain,
            _ = self.interrupt.recv() => Order::Drain,
            _ = self.hang_up.recv() => Order::Reopen,
        }
    }
}
