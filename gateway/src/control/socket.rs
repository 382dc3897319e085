//! The inherited socket to the parent: lines of JSON, both ways.

use std::io;

use bytes::BytesMut;
use memchr::memchr;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

const LONGEST: usize = 64 << 20;

/// The socket.
pub(super) struct Socket {
    stream: UnixStream,
    buffer: BytesMut,
    /// No line end stands before this place.
    scanned: usize,
}

impl Socket {
    pub(super) fn new(stream: std::os::unix::net::UnixStream) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream: UnixStream::from_std(stream)?,
            buffer: BytesMut::new(),
            scanned: 0,
        })
    }

    /// The next line; none: the other end is gone, or speaks without an end. May be dropped while it waits.
    pub(super) async fn line(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(end) = memchr(b'\n', self.buffer.get(self.scanned..).unwrap_or_default()) {
                let mut line = self.buffer.split_to(self.scanned + end + 1);
                line.truncate(self.scanned + end);
                self.scanned = 0;
                return Some(line.into());
            }
            self.scanned = self.buffer.len();
            if self.buffer.len() > LONGEST {
                return None;
            }
            self.buffer.reserve(4096);
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(read) if read > 0 => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }

    pub(super) async fn say(&mut self, reply: &Value) -> io::Result<()> {
        let mut line = reply.to_string();
        line.push('\n');
        self.stream.write_all(line.as_bytes()).await
    }
}
