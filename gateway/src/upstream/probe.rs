//! One health check: asks a URL once over a connection of its own, on the control thread, and shows no credential.

use std::time::Duration;

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use yett_engine::plan::Health;

use super::send::resolve;
use super::{Servers, Target, answer};

/// How checks name themselves.
const USER_AGENT: &str = "yett-health";

/// Asks once, within the plan's time.
///
/// # Errors
/// Why the check failed, for the log.
pub(crate) async fn probe(target: &Target, rules: &Health, servers: &Servers) -> Result<(), String> {
    let limit = Duration::from_millis(rules.timeout.get());
    let asked = async {
        let stream = dial(target, servers).await?;
        ask(stream, target, &rules.path).await
    };
    let late = |_| format!("no answer in {} ms", rules.timeout);
    let status = tokio::time::timeout(limit, asked).await.map_err(late)??;
    if passes(status, &rules.status) {
        Ok(())
    } else {
        Err(format!("answered {status}"))
    }
}

fn passes(status: u16, expected: &[u16]) -> bool {
    if expected.is_empty() {
        (200..=299).contains(&status)
    } else {
        expected.contains(&status)
    }
}

/// A connection to the first address that accepts. What is found out about addresses is known to requests as well.
async fn dial(target: &Target, servers: &Servers) -> Result<TcpStream, String> {
    let server = &target.server;
    if let Some(address) = server.address {
        return TcpStream::connect(address).await.map_err(|error| error.to_string());
    }
    if !server.addresses.is_known() || server.addresses.are_due(servers.now()) {
        server.addresses.learn(&resolve(server).await, servers.now());
    }
    let mut why = "its name has no address".to_owned();
    for address in server.addresses.in_turn().into_iter().flatten() {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => why = error.to_string(),
        }
    }
    Err(why)
}

/// The status of the answer to a GET; what follows its head is not read.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, target: &Target, path: &str) -> Result<u16, String> {
    let (prefix, host) = (&target.prefix, target.authority());
    let request = format!(
        "GET {prefix}{path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: {USER_AGENT}\r\naccept: */*\r\nconnection: close\r\n\r\n"
    );
    let failed = |error: std::io::Error| error.to_string();
    stream.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut buffer = BytesMut::with_capacity(1024);
    loop {
        if let Some(head) = answer::read(&mut buffer, false).map_err(|_| "answered no HTTP/1")? {
            if head.status >= 200 {
                return Ok(head.status);
            }
        } else if stream.read_buf(&mut buffer).await.map_err(failed)? == 0 {
            return Err("closed before it answered".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes() {
        for (status, expected, fits) in [
            (200, &[][..], true),
            (299, &[], true),
            (301, &[], false),
            (503, &[], false),
            (204, &[200, 204], true),
            (201, &[200, 204], false),
            (401, &[401], true),
        ] {
            assert_eq!(passes(status, expected), fits, "{status} of {expected:?}");
        }
    }
}
