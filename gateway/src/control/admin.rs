//! The admin listener: health, readiness and metrics, on loopback; it tells nothing that a request carried.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::h1::{Event, Limits, RawHead, Reader};
use crate::metrics;
use crate::process::{Drain, Process};

const PATIENCE: Duration = Duration::from_secs(10);
/// Connections that are answered at a time; the others wait, so that they take no descriptors from those of clients.
const MOST: usize = 32;

/// Serves until its runtime ends.
pub(super) async fn serve(process: Arc<Process>, listener: TcpListener, drain: watch::Receiver<Option<Drain>>) {
    let places = Arc::new(Semaphore::new(MOST));
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (process, drain) = (process.clone(), drain.clone());
                let Ok(place) = places.clone().acquire_owned().await else {
                    return;
                };
                spawn_local(async move {
                    let _ = timeout(PATIENCE, answer(&process, stream, &drain)).await;
                    drop(place);
                });
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn answer(
    process: &Process,
    mut stream: TcpStream,
    drain: &watch::Receiver<Option<Drain>>,
) -> std::io::Result<()> {
    let mut reader = Reader::new(Limits::default());
    let (status, kind, text) = loop {
        match reader.next() {
            Ok(Event::Head(head)) => break page(process, &head, drain.borrow().is_some()),
            Ok(Event::NeedMore) => {
                if stream.read_buf(reader.buffer_mut()).await? == 0 {
                    reader.eof();
                }
            }
            Ok(Event::Data(_) | Event::End | Event::Closed) => return Ok(()),
            Err(_) => break ("400 Bad Request", PLAIN, "bad request\n".to_owned()),
        }
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\ncache-control: no-store\r\nconnection: close\r\n\r\n",
        text.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

const PLAIN: &str = "text/plain; charset=utf-8";

/// Whether the host is an address or `localhost`: a page whose name was rebound to this machine asks by its own name.
fn is_local(head: &RawHead) -> bool {
    let mut hosts = head.headers().filter(|(name, _)| *name == b"host");
    let Some((_, host)) = hosts.next() else { return false };
    let text = std::str::from_utf8(host).unwrap_or_default();
    let name = text.rsplit_once(':').map_or(text, |(name, _)| name);
    text.parse::<SocketAddr>().is_ok()
        || text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
        || name.parse::<IpAddr>().is_ok()
        || name == "localhost"
}

fn page(process: &Process, head: &RawHead, draining: bool) -> (&'static str, &'static str, String) {
    if !is_local(head) {
        return (
            "421 Misdirected Request",
            PLAIN,
            "expected an address or localhost as host\n".to_owned(),
        );
    }
    match (head.method(), head.target()) {
        (b"GET", b"/healthz") => ("200 OK", PLAIN, "ok\n".to_owned()),
        (b"GET", b"/readyz") if draining => ("503 Service Unavailable", PLAIN, "draining\n".to_owned()),
        (b"GET", b"/readyz") => ("200 OK", PLAIN, "ready\n".to_owned()),
        (b"GET", b"/metrics") => (
            "200 OK",
            "text/plain; version=0.0.4; charset=utf-8",
            metrics::text(process),
        ),
        (b"GET", _) => (
            "404 Not Found",
            PLAIN,
            "expected /healthz, /readyz or /metrics\n".to_owned(),
        ),
        _ => ("405 Method Not Allowed", PLAIN, "expected GET\n".to_owned()),
    }
}
