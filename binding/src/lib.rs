//! Joins: the module `yett._engine`. Thin: what Python hands in is turned into Rust's types and back, and nothing is decided.
//!
//! `plan` loads plans, `worker` runs the child, `proof` decides attempts, `asgi` is the shell inside a Python app.

mod asgi;
mod clock;
mod plan;
mod proof;
mod worker;

use pyo3::prelude::*;

/// The engine and the gateway.
#[pymodule]
fn _engine(module: &Bound<'_, PyModule>) -> PyResult<()> {
    asgi::add(module)?;
    clock::add(module)?;
    plan::add(module)?;
    proof::add(module)?;
    worker::add(module)
}
