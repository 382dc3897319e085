//! Writes several buffers as one, with one system call where the socket takes them.

use std::io::{self, IoSlice};

use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// Writes all parts in order.
pub(crate) async fn write_all<const N: usize>(to: &mut (impl AsyncWrite + Unpin), parts: [&[u8]; N]) -> io::Result<()> {
    let mut slices = parts.map(IoSlice::new);
    let mut rest = slices.as_mut_slice();
    IoSlice::advance_slices(&mut rest, 0);
    while !rest.is_empty() {
        match to.write_vectored(rest).await? {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => IoSlice::advance_slices(&mut rest, written),
        }
    }
    Ok(())
}
