//! The shell with real sockets: a gateway in this process before a small real upstream. Each file is one concern.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests: what cannot be is a failure"
)]

mod app;
mod connections;
mod control;
mod drain;
mod evidence;
mod health;
mod http2;
mod key_sets;
mod retries;
mod state;
mod support;
mod targets;
mod upstreams;
