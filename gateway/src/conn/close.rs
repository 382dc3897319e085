//! Closes a connection in order, so that its client gets to read the answer; never waits longer than its deadline.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::reactor::{Deadline, Late};
use crate::stream::Stream;

/// What a closing connection still reads: milliseconds, octets.
const LINGER: (u64, usize) = (1_000, 1 << 20);

/// No more is written, and what comes is read for a while and thrown away (RFC 9112 section 9.6).
///
/// # Errors
/// `Late`: TLS has an end of its own to write, and a client that does not read leaves no room for it.
pub(super) async fn close(stream: &mut Stream, deadline: &Deadline) -> Result<(), Late> {
    let (milliseconds, mut octets) = LINGER;
    deadline.set(milliseconds);
    if deadline.within(stream.shutdown()).await?.is_err() {
        return Ok(());
    }
    let mut nowhere = [0; 4096];
    while let Ok(Ok(read)) = deadline.within(stream.read(&mut nowhere)).await
        && read > 0
        && octets > 0
    {
        octets = octets.saturating_sub(read);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::rc::Rc;
    use std::time::Duration;

    use socket2::SockRef;
    use tokio::net::{TcpListener, TcpStream};
    use tokio::time::timeout;
    use tokio_rustls::{TlsAcceptor, TlsConnector, client};

    use super::*;
    use crate::reactor::Ticker;
    use crate::tls::pair;

    /// Both ends of a connection by TLS, the server's with as little room as the system gives.
    async fn connected() -> (Stream, client::TlsStream<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (server, _) = listener.accept().await.unwrap();
        SockRef::from(&server).set_send_buffer_size(4_096).unwrap();
        SockRef::from(&client).set_recv_buffer_size(4_096).unwrap();
        let (trusting, serving) = pair();
        let name = "shop.example".try_into().unwrap();
        let (server, client) = tokio::join!(
            TlsAcceptor::from(serving).accept(server),
            TlsConnector::from(trusting).connect(name, client),
        );
        (Stream::Tls(Box::new(server.unwrap())), client.unwrap())
    }

    /// Writes below TLS until nothing is taken any more.
    async fn fill(stream: &Stream) {
        while timeout(Duration::from_millis(200), stream.socket().writable())
            .await
            .is_ok()
        {
            let _ = stream.socket().try_write(&[0; 4_096]);
        }
    }

    async fn closed(stream: &mut Stream) -> Option<Result<(), Late>> {
        let ticker = Rc::new(Ticker::default());
        let deadline = ticker.deadline();
        let ticking = async {
            loop {
                ticker.tick();
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            closed = timeout(Duration::from_secs(5), close(stream, &deadline)) => closed.ok(),
            () = ticking => None,
        }
    }

    #[tokio::test]
    async fn a_client_that_does_not_read_is_not_told_that_it_ends() {
        let (mut server, client) = connected().await;
        fill(&server).await;
        assert_eq!(closed(&mut server).await, Some(Err(Late)));
        drop(client);
    }

    #[tokio::test]
    async fn a_client_that_reads_is_told_that_it_ends() {
        let (mut server, mut client) = connected().await;
        assert_eq!(closed(&mut server).await, Some(Ok(())));
        let mut rest = Vec::new();
        assert_eq!(
            client.read_to_end(&mut rest).await.unwrap(),
            0,
            "in order: else it is an error"
        );
    }
}
