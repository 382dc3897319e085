//! Acts: sockets, threads and files around the engine; decides nothing.
//!
//! `worker` is the child process; `conn` is one client connection, and the file to read first. `state` is what a process
//! knows: the ASGI shell decides on the same.
#![forbid(unsafe_code)]

mod calendar;
mod config;
mod conn;
mod control;
pub mod evidence;
mod fetch;
pub mod h1;
pub mod log;
pub mod metrics;
mod process;
mod reactor;
pub mod state;
mod upstream;
mod wire;
pub mod worker;

pub use config::key_sets;
pub use control::start as start_control;
