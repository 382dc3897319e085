//! The admin listener: health, readiness and metrics, on loopback; it tells nothing that a request carried.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::spawn_local;
use tokio::time::timeout;

use crate::h1::{Event, Limits, RawHead, Reader};
use crate::metrics;
use crate::process::{Drain, Process};

const PATIENCE: Duration = Duration::from_secs(10);

/// Serves until its runtime ends.
pub(super) async fn serve(process: Arc<Process>, listener: TcpListener, drain: watch::Receiver<Option<Drain>>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let (process, drain) = (process.clone(), drain.clone());
                spawn_local(async move {
                    let _ = timeout(PATIENCE, answer(&process, stream, &drain)).await;
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

fn page(process: &Process, head: &RawHead, draining: bool) -> (&'static str, &'static str, String) {
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
