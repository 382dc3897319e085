//! The one way in which the reader refuses, and the only place where a proof takes a check out.

use yett_engine::reason::Reason;

/// Why a connection is not read any further. Nothing behind it can be trusted to be a request: answer, then close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Exactly why.
    pub reason: Reason,
}

/// Says no, unless a proof asks what would happen without this check.
#[derive(Clone, Copy, Default)]
pub(super) struct Judge {
    without: Option<Reason>,
}

impl Judge {
    /// A judge that lets `reason` pass; only `proof` builds one.
    pub(super) fn without(reason: Option<Reason>) -> Self {
        Self { without: reason }
    }

    /// Refuses; or, with this reason taken out, lets the caller go on with the lenient reading that the check forbids.
    #[cold]
    pub(super) fn refuse(self, reason: Reason) -> Result<(), Refusal> {
        if self.without == Some(reason) {
            Ok(())
        } else {
            Err(Refusal { reason })
        }
    }

    /// A limit, or none where its reason is taken out.
    pub(super) fn limit(self, limit: usize, reason: Reason) -> usize {
        if self.without == Some(reason) {
            usize::MAX
        } else {
            limit
        }
    }
}
