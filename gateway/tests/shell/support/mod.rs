//! A gateway in this process, a small real upstream, and a client that writes octets: what the shell's tests stand on.

mod client;
mod gateway;
pub(crate) mod http2;
mod plan;
mod upstream;

pub(crate) use client::{Answer, Client};
pub(crate) use gateway::{Gateway, Settings, eventually};
pub(crate) use plan::{api, operation, plan};
pub(crate) use upstream::Upstream;
