//! Acts: sockets, threads and files around the engine; decides nothing.
//!
//! `worker` is the child process; `exchange` is one request and its answer, and the file to read first; `conn` and `h2` are how
//! clients bring it. `app` is the shell inside an app.
//! `state` is what a process knows: both decide on the same.
#![forbid(unsafe_code)]

pub mod app;
mod calendar;
mod config;
mod conn;
mod control;
mod decision;
mod evidence;
mod exchange;
mod fetch;
pub mod h1;
pub mod h2;
pub mod log;
mod metrics;
mod process;
mod reactor;
mod shares;
pub mod state;
mod stream;
mod tls;
mod upstream;
mod wire;
pub mod worker;

pub use config::key_sets;
pub use tls::check as check_tls;
