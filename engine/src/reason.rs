//! The stable ids of refusals, made from `src/yett/catalogue/*.toml` when the crate is built; none is written here.

use std::fmt;

/// One entry of the catalogue; two reasons are equal when their ids are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reason(u16);

struct Info {
    id: &'static str,
    control: &'static str,
    fault: bool,
    public: &'static str,
    status: u16,
    text: &'static str,
    level: &'static str,
}

include!(concat!(env!("OUT_DIR"), "/reasons.rs"));

impl Reason {
    /// Every reason, sorted by id.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..u16::try_from(INFOS.len()).unwrap_or(u16::MAX)).map(Reason)
    }

    /// The reason with this exact id, if the catalogue has it.
    pub fn named(id: &str) -> Option<Self> {
        let index = INFOS.binary_search_by(|info| info.id.cmp(id)).ok()?;
        u16::try_from(index).ok().map(Reason)
    }

    fn info(self) -> &'static Info {
        #[expect(
            clippy::indexing_slicing,
            reason = "only the generated constants and all() build a Reason"
        )]
        &INFOS[usize::from(self.0)]
    }

    /// The exact id, `authenticate.token.expired`; evidence only, never sent to a client.
    pub fn id(self) -> &'static str {
        self.info().id
    }

    /// The control whose catalogue file holds the reason.
    pub fn control(self) -> &'static str {
        self.info().control
    }

    /// Whether this is a fault (provoked, nothing to ablate) rather than a refusal.
    pub fn is_fault(self) -> bool {
        self.info().fault
    }

    /// The id that clients get: `unauthenticated`, `forbidden`, `invalid`, …
    pub fn public(self) -> &'static str {
        self.info().public
    }

    /// The HTTP status of the answer.
    pub fn status(self) -> u16 {
        self.info().status
    }

    /// One sentence for operators.
    pub fn text(self) -> &'static str {
        self.info().text
    }

    /// Where the reason can be provoked: `bytes`, `request`, `reply` or `gateway`.
    pub fn level(self) -> &'static str {
        self.info().level
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.id())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(self.id())
    }
}
