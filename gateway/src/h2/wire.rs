//! A client's connection as the crate `h2` sees it: every octet that comes is metered, and nothing is read of who floods.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::meter::{Frames, Meter};
use crate::stream::Stream;

/// The connection.
pub(super) struct Wire {
    stream: Stream,
    frames: Frames,
    meter: Rc<Meter>,
}

impl Wire {
    pub(super) fn new(stream: Stream, meter: Rc<Meter>) -> Self {
        Self {
            stream,
            frames: Frames::new(),
            meter,
        }
    }

    fn wrote(&self, polled: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        self.meter.wrote(polled.is_ready());
        polled
    }
}

impl AsyncRead for Wire {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        if wire.meter.is_flooded() {
            // The connection looks at the meter as soon as there is nothing to read.
            return Poll::Pending;
        }
        let before = buffer.filled().len();
        let polled = Pin::new(&mut wire.stream).poll_read(context, buffer);
        wire.frames
            .see(buffer.filled().get(before..).unwrap_or_default(), &wire.meter);
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let polled = Pin::new(&mut wire.stream).poll_write(context, octets);
        wire.wrote(polled)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wire = self.get_mut();
        let polled = Pin::new(&mut wire.stream).poll_write_vectored(context, slices);
        wire.wrote(polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.get_mut();
        let polled = Pin::new(&mut wire.stream).poll_flush(context);
        wire.meter.wrote(polled.is_ready());
        polled
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}
