//! Gathers a body piece by piece within its limit and the budget of all held bodies; reads and judges nothing.

use bytes::{Bytes, BytesMut};
use yett_engine::{Body, Reason};

use super::Exchange;

/// What is set aside at least for a body of unknown length, and at first for one that a client announces.
pub(super) const FIRST: u64 = 8_192;

/// A body as far as it is here.
pub(super) struct Gathered {
    /// The first piece, which is most often all: it is not copied.
    first: Bytes,
    rest: BytesMut,
    /// 0: nobody said how long it is.
    announced: u64,
    set_aside: u64,
    limit: u64,
    too_large: Reason,
}

impl Gathered {
    /// Nothing yet of a body that is announced to be so long, and may be as long as `limit`; `at_first` is set aside.
    ///
    /// # Errors
    /// `too_large`, or the budget of held bodies is spent.
    pub(super) fn new(
        exchange: &mut Exchange,
        announced: u64,
        at_first: u64,
        (limit, too_large): (u64, Reason),
    ) -> Result<Self, Reason> {
        if announced > limit {
            return Err(too_large);
        }
        let set_aside = announced.min(at_first);
        exchange.hold(set_aside)?;
        Ok(Self {
            first: Bytes::new(),
            rest: BytesMut::new(),
            announced,
            set_aside,
            limit,
            too_large,
        })
    }

    /// Adds the next piece.
    ///
    /// # Errors
    /// As `new`.
    pub(super) fn add(&mut self, exchange: &mut Exchange, octets: Bytes) -> Result<(), Reason> {
        let length = (self.first.len() + self.rest.len() + octets.len()) as u64;
        if length > self.limit {
            return Err(self.too_large);
        }
        if length > self.set_aside {
            let ahead = match self.announced {
                0 => self.set_aside.max(FIRST),
                announced => self.set_aside.min(announced.saturating_sub(self.set_aside)),
            };
            let more = (length - self.set_aside).max(ahead);
            exchange.hold(more)?;
            self.set_aside += more;
        }
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = octets;
            return Ok(());
        }
        let room = usize::try_from(self.set_aside).unwrap_or_default();
        self.rest.reserve(room.saturating_sub(self.rest.len()));
        if self.rest.is_empty() {
            self.rest.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.rest.extend_from_slice(&octets);
        Ok(())
    }

    /// The body; an empty one is none.
    pub(super) fn whole(self) -> Body {
        let whole = if self.rest.is_empty() {
            self.first
        } else {
            self.rest.freeze()
        };
        if whole.is_empty() {
            Body::None
        } else {
            Body::Held(whole)
        }
    }
}
