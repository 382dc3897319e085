//! The upstream's side: connections, a permitted request out, the head and the body of its answer in. Judges nothing.
//!
//! HTTP/1 is written and read here rather than by a client library: one write for a request, no channel and no second task
//! between the two sockets of a request, back-pressure by not reading. The decision record holds the measurement.

mod addresses;
mod answer;
mod attempts;
mod body;
mod budget;
mod checks;
mod choice;
mod conduct;
mod pool;
mod probe;
mod send;
mod server;
mod target;
mod targets;

pub(crate) use answer::{AnswerHead, Framing};
pub(crate) use attempts::Attempts;
pub(crate) use body::{BodyReader, Part};
pub(crate) use checks::Change;
use choice::choose;
pub(crate) use pool::{Conn, Pool};
pub(crate) use probe::probe;
pub(crate) use send::{Failed, Outgoing, Receiver, connect, write_head};
pub(crate) use server::Servers;
pub(crate) use server::{Open, Server};
pub(crate) use target::{Asked, Target};
pub(crate) use targets::Targets;
