//! Acts: sockets, threads and files around the engine; decides nothing.
//!
//! `worker` is the child process; `conn` is one client connection, and the file to read first. `app` is the shell inside an app.
//! `state` is what a process knows: both decide on the same.
#![forbid(unsafe_code)]

pub mod app;
mod calendar;
mod config;
mod conn;
mod control;
mod decision;
mod evidence;
mod fetch;
pub mod h1;
pub mod log;
mod metrics;
mod process;
mod reactor;
pub mod state;
mod upstream;
mod wire;
pub mod worker;

pub use config::key_sets;

/// The hash that names a plan: SHA-256 of its exact bytes, in hex. Nothing is read.
#[must_use]
pub fn plan_hash(plan: &[u8]) -> String {
    let mut digits = Vec::with_capacity(64);
    state::hex::write(
        aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, plan).as_ref(),
        &mut digits,
    );
    String::from_utf8(digits).unwrap_or_default()
}
