//! Writes several buffers as one, with one system call where the socket takes them: `send` for one, `writev` for more.

use std::io::{self, IoSlice};

use smallvec::SmallVec;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// Writes all parts in order.
pub(crate) async fn write_all<const N: usize>(to: &mut (impl AsyncWrite + Unpin), parts: [&[u8]; N]) -> io::Result<()> {
    write_counted(to, parts, &mut 0).await
}

/// Writes all parts in order, and adds up what the socket has taken, also where not all of it was.
pub(crate) async fn write_counted<const N: usize>(
    to: &mut (impl AsyncWrite + Unpin),
    parts: [&[u8]; N],
    count: &mut u64,
) -> io::Result<()> {
    let mut slices: SmallVec<[IoSlice<'_>; N]> = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .map(IoSlice::new)
        .collect();
    let mut rest = slices.as_mut_slice();
    while !rest.is_empty() {
        let written = match &*rest {
            [one] => to.write(one).await?,
            more => to.write_vectored(more).await?,
        };
        match written {
            0 => return Err(io::ErrorKind::WriteZero.into()),
            written => {
                *count += written as u64;
                IoSlice::advance_slices(&mut rest, written);
            }
        }
    }
    // TLS may still hold what the socket did not take; a socket has nothing to flush.
    to.flush().await
}
