//! The life of a reactor thread: its runtime, its listeners, its ticks, its drain.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, LocalOptions, LocalRuntime};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout_at};
use tokio_rustls::TlsAcceptor;

use super::{Late, TICK, Thread};
use crate::conn;
use crate::h2;
use crate::log::{self, Seldom};
use crate::metrics::Handshake;
use crate::process::{Drain, Place, Process};
use crate::stream::Stream;
use crate::tls::{HTTP2, Serving, Trust};

/// Turned away connections that a thread answers at a time, beside those that it serves; beyond, they are just closed.
const MOST_TURNED_AWAY: u32 = 256;

/// Every listener of every thread fails at once, and ten times a second, where no descriptor is left.
static FAILS: Seldom = Seldom::new();

/// Runs a reactor until it has drained; says how many requests were cut.
///
/// # Errors
/// Where the thread cannot begin.
pub(crate) fn run(
    process: Arc<Process>,
    listeners: Vec<std::net::TcpListener>,
    drain: watch::Receiver<Option<Drain>>,
    started: impl FnOnce(),
) -> io::Result<u32> {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build_local(LocalOptions::default())?;
    let thread = Rc::new(Thread::new(process)?);
    let cut = runtime.block_on(live(thread.clone(), listeners, drain, started));
    end(runtime);
    thread.flush();
    cut
}

/// Drops every task, and waits for none of the threads that ask a resolver: nothing says when one of these returns.
fn end(runtime: LocalRuntime) {
    runtime.shutdown_background();
}

async fn live(
    thread: Rc<Thread>,
    listeners: Vec<std::net::TcpListener>,
    mut drain: watch::Receiver<Option<Drain>>,
    started: impl FnOnce(),
) -> io::Result<u32> {
    let mut accepting = Vec::new();
    for (number, listener) in listeners.into_iter().enumerate() {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        accepting.push(spawn_local(accept(thread.clone(), listener, number)));
    }
    let ticking = spawn_local(tick(thread.clone()));
    started();
    let ended = drain.wait_for(Option::is_some).await.ok().and_then(|drain| *drain);
    for task in &accepting {
        task.abort();
    }
    for task in accepting {
        let _ = task.await;
    }
    thread.ticker.drain();
    let patience = ended.map_or(Duration::ZERO, |drain| drain.patience);
    let finished = timeout_at(Instant::now() + patience, async {
        while thread.ticker.is_waited_for() {
            sleep(Duration::from_millis(5)).await;
        }
    });
    tokio::select! {
        _ = finished => {}
        _ = drain.wait_for(|drain| drain.is_some_and(|drain| drain.at_once)) => {}
    }
    ticking.abort();
    thread.pool.clear();
    thread.flush();
    Ok(thread.busy.get())
}

async fn tick(thread: Rc<Thread>) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        ticks.tick().await;
        thread.ticker.tick();
        thread.servers_now.set(thread.process.state.servers.now());
        thread.flush();
        if thread.ticker.now().is_multiple_of(10) {
            thread.pool.sweep(thread.ticker.now());
        }
    }
}

async fn accept(thread: Rc<Thread>, listener: TcpListener, number: usize) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => open(&thread, stream, peer, number),
            Err(error) => {
                FAILS.warning("cannot accept", &[("error", &error)]);
                sleep(TICK).await;
            }
        }
    }
}

fn open(thread: &Rc<Thread>, socket: TcpStream, peer: SocketAddr, listener: usize) {
    let _ = socket.set_nodelay(true);
    let ground = thread.process.state.ground();
    let http2 = ground.plan.gateway.http2;
    let tls = thread.process.tls.serving(listener);
    let place = Place::among(&thread.process, &ground.plan.gateway, peer.ip());
    let thread = thread.clone();
    match place {
        Ok(place) => {
            spawn_local(async move {
                let opened = match tls {
                    None => Some((Stream::Plain(socket), None)),
                    Some(tls) => handshake(&thread, socket, &tls, http2.is_some()).await,
                };
                match (opened, http2) {
                    (Some((stream, trust)), Some(http2)) if stream.protocol() == Some(HTTP2) => {
                        h2::serve(thread, stream, (peer, trust), http2).await;
                    }
                    (Some((stream, trust)), _) => {
                        conn::Connection::new(thread, stream, peer)
                            .trusting(trust)
                            .serve()
                            .await;
                    }
                    (None, _) => {}
                }
                drop(place);
            });
        }
        Err(crowd) => {
            thread.process.metrics.turned_away(crowd);
            // A listener that speaks TLS just closes: a handshake costs more than a request.
            if tls.is_none()
                && let Some(refusal) = Refusal::among(&thread)
            {
                turn_away(conn::Connection::new(thread, Stream::Plain(socket), peer), refusal);
            }
        }
    }
}

fn turn_away(connection: conn::Connection, refusal: Refusal) {
    spawn_local(async move {
        connection.turn_away().await;
        drop(refusal);
    });
}

/// The client's side of TLS, within the time that a head may take; and by what a certificate that it shows was believed.
async fn handshake(
    thread: &Rc<Thread>,
    socket: TcpStream,
    serving: &Serving,
    http2: bool,
) -> Option<(Stream, Option<Trust>)> {
    let deadline = thread.ticker.deadline();
    deadline.set_fresh(thread.process.state.ground().plan.gateway.timeouts.head);
    let accepting = TlsAcceptor::from(serving.config(http2)).accept(socket);
    let shaken = deadline.within(accepting).await;
    let outcome = match &shaken {
        Ok(Ok(_)) => Handshake::Done,
        Ok(Err(_)) => Handshake::Failed,
        Err(Late) => Handshake::Late,
    };
    thread.process.metrics.handshake(outcome);
    match shaken {
        Ok(Ok(stream)) => {
            let shown = stream.get_ref().1.peer_certificates().is_some();
            Some((Stream::Tls(Box::new(stream)), shown.then_some(serving.trust)))
        }
        Ok(Err(error)) => {
            log::debug("a handshake failed", &[("error", &error)]);
            None
        }
        Err(Late) => None,
    }
}

/// A connection's place among those that are turned away.
struct Refusal(Rc<Thread>);

impl Refusal {
    fn among(thread: &Rc<Thread>) -> Option<Self> {
        let others = thread.turned_away.get();
        (others < MOST_TURNED_AWAY).then(|| {
            thread.turned_away.set(others + 1);
            Self(thread.clone())
        })
    }
}

impl Drop for Refusal {
    fn drop(&mut self) {
        self.0.turned_away.set(self.0.turned_away.get().saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn the_end_of_a_runtime_waits_for_no_resolver() {
        let runtime = Builder::new_current_thread()
            .build_local(LocalOptions::default())
            .unwrap();
        let (answer, asked) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel();
        runtime.spawn_blocking(move || {
            tell.send(None).unwrap();
            tell.send(asked.recv_timeout(Duration::from_secs(5)).err())
        });
        assert_eq!(told.recv().unwrap(), None, "it is being asked");
        end(runtime);
        drop(answer);
        let ended = mpsc::RecvTimeoutError::Disconnected;
        assert_eq!(
            told.recv().unwrap(),
            Some(ended),
            "it was still asked when the runtime ended"
        );
    }
}
