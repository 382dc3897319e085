//! The steps of the way out: receive reads what the upstream answered, shape makes what the client gets.

mod course;
mod problem;
pub(crate) mod receive;
pub(crate) mod shape;
