//! A gateway in this process, a small real upstream, and a client that writes octets: what the shell's tests stand on.

mod client;
mod gateway;
mod plan;
mod upstream;

pub use client::{Answer, Client};
pub use gateway::{Gateway, Settings, eventually};
pub use plan::{api, operation, plan};
pub use upstream::{Received, Upstream};
