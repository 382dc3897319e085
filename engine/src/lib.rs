//! Yett's engine: decides one request by one plan and the facts that it is told, and nothing else. Pure: no clock, no
//! socket, no randomness. Start with `decide.rs`.
#![forbid(unsafe_code)]

mod decide;
mod facts;
pub mod guards;
pub mod hex;
pub mod jose;
pub mod json;
mod judge;
mod memo;
mod methods;
pub mod plan;
pub mod proof;
pub mod reason;
mod reply;
mod session;
mod steps;
mod trace;

pub use decide::Opened;
pub use facts::{Answered, ApiKeyRecord, Digest, Draw, Draws, Fact, Facts, Key, Taken, Time, Who};
pub use judge::{Denial, Hint, Judge, Stop};
pub use memo::Missing;
pub use plan::{Mode, Plan};
pub use reason::Reason;
pub use reply::receive::{Answer, Reply, ReplyNeed};
pub use reply::shape::Release;
pub use session::{Ids, Session};
pub use steps::admit::{Head, Method, Request};
pub use steps::authenticate::Caller;
pub use steps::authorize::{Pass, Permit};
pub use steps::forward::Forward;
pub use steps::resolve::{Call, Preflight};
pub use steps::validate::{Body, BodyNeed, Input};
pub use trace::{Line, Proven, Said, Trace};
