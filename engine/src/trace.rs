//! What every step and guard said about one request; evidence is made from it and from nothing else.

use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use crate::facts::{ApiKeyRecord, Digest, Time};
use crate::jose::Verified;
use crate::judge::Denial;
use crate::reason::Reason;

/// What one control said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// Nothing against it.
    Passed,
    /// It refused, and the refusal held.
    Refused,
    /// It would have refused; its mode is report.
    WouldRefuse,
    /// It changed the reply (dropped undeclared fields).
    Altered,
}

impl Said {
    /// In one word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Refused => "refused",
            Self::WouldRefuse => "would_refuse",
            Self::Altered => "altered",
        }
    }
}

/// One control's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The control's name in the catalogue.
    pub control: &'static str,
    /// What it said.
    pub said: Said,
    /// Why, unless it passed.
    pub reason: Option<Reason>,
    /// Where: JSON pointers, the id of a limit, the status of a reply; of what a client sent only names, never a value.
    pub places: SmallVec<[Box<str>; 0]>,
}

impl Line {
    pub(crate) fn of(said: Said, denial: &Denial) -> Self {
        let reason = denial.reason;
        Self {
            control: reason.control(),
            said,
            reason: Some(reason),
            places: denial.places.clone(),
        }
    }
}

/// What was verified of a credential, before its claims were judged: a recorded fact, without the credential.
#[derive(Clone, Debug)]
pub enum Proven {
    /// A token whose signature held.
    Token(Arc<Verified>),
    /// An API key that the store knows.
    Key(Arc<ApiKeyRecord>),
}

/// Everything said about one request.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The time by which it was judged.
    pub now: Option<Time>,
    /// Index of the API in the plan.
    pub api: Option<u32>,
    /// Index of the operation within its API; `None` with an API is the pseudo-operation `unlisted`.
    pub operation: Option<u32>,
    /// The method, once admitted.
    pub method: Option<&'static str>,
    /// The client's address behind trusted proxies.
    pub client: Option<IpAddr>,
    /// The subject, once authenticated.
    pub subject: Option<Arc<str>>,
    /// The credential's digest and the name of the scheme that verified it.
    pub credential: Option<(Digest, Arc<str>)>,
    /// What was verified of each credential that was shown, with its index in the plan.
    pub proven: SmallVec<[(u32, Proven); 1]>,
    /// A token that this request verified: the shell may keep it.
    pub verified: Option<(u32, Digest, Arc<Verified>)>,
    /// What guards and steps said, in order. A step that passed says nothing: its type is the proof.
    pub lines: SmallVec<[Line; 4]>,
    /// The W3C trace context of the request, if it sent a valid one.
    pub traceparent: Option<Box<str>>,
    /// Whether the request came by TLS, here or at a trusted proxy.
    pub secure: bool,
    /// What of the reply was passed without being read.
    pub not_inspected: bool,
}

impl Trace {
    /// Writes down what was verified of a credential, once, however many alternatives ask for it.
    pub(crate) fn prove(&mut self, credential: u32, proven: Proven) {
        if self.proven.iter().all(|(known, _)| *known != credential) {
            self.proven.push((credential, proven));
        }
    }

    /// The reason for which the request ended, if it did.
    pub fn refused(&self) -> Option<Reason> {
        self.lines
            .iter()
            .find(|line| line.said == Said::Refused)
            .and_then(|line| line.reason)
    }
}
