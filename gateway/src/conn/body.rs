//! Reads the body of the request under way off its connection, after the `100 Continue` for which its client may wait.

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use yett_engine::{Reason, reason};

use super::Wire;
use crate::h1::Event;
use crate::reactor::{Deadline, Late};

impl Wire {
    /// The next octets of the body; none: it is whole.
    pub(super) async fn next_octets(&mut self, deadline: &Deadline) -> Result<Option<Bytes>, Reason> {
        if std::mem::take(&mut self.expects_continue) {
            self.invite(deadline).await?;
        }
        loop {
            match self.reader.next() {
                Ok(Event::Data(octets)) => return Ok(Some(octets)),
                Ok(Event::End) => {
                    self.body_ended = true;
                    return Ok(None);
                }
                Ok(Event::NeedMore) => {}
                Ok(Event::Head(_) | Event::Closed) => return Err(reason::ADMIT_BODY_CUT),
                Err(refusal) => return Err(refusal.reason),
            }
            match deadline.within(self.stream.read_buf(self.reader.buffer_mut())).await {
                Ok(Ok(0)) => self.reader.eof(),
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return Err(reason::ADMIT_BODY_CUT),
                Err(Late) => return Err(reason::UPSTREAM_BODY_LATE),
            }
        }
    }

    /// Says `100 Continue` to a client that has sent nothing of its body yet; only who may send one comes here.
    async fn invite(&mut self, deadline: &Deadline) -> Result<(), Reason> {
        if self.reader.buffered() > 0 {
            return Ok(());
        }
        let written = self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n");
        match deadline.within(written).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err(reason::ADMIT_BODY_CUT),
            Err(Late) => Err(reason::UPSTREAM_BODY_LATE),
        }
    }

    /// Throws away what is here of the body; whether it is whole.
    pub(super) fn discard_what_is_here(&mut self) -> bool {
        loop {
            match self.reader.next() {
                Ok(Event::Data(_)) => {}
                Ok(Event::End) => {
                    self.body_ended = true;
                    return true;
                }
                Ok(Event::Head(_) | Event::NeedMore | Event::Closed) | Err(_) => return false,
            }
        }
    }
}
