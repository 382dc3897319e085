//! The clock that a running shell is given when it is built; only Python gives it.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use yett_gateway::state;

/// Where the time of decisions comes from: `Clock.system()`, or `Clock.fixed(ns)`, which stands until it is set.
#[pyclass(frozen, module = "yett._engine")]
pub(crate) struct Clock(pub(crate) state::Clock);

#[pymethods]
impl Clock {
    /// The system's clock.
    #[staticmethod]
    fn system() -> Self {
        Self(state::Clock::system())
    }

    /// A clock that stands at so many nanoseconds since 1970.
    #[staticmethod]
    fn fixed(nanoseconds: u64) -> Self {
        Self(state::Clock::fixed(nanoseconds))
    }

    /// Nanoseconds since 1970.
    fn now(&self) -> u64 {
        self.0.now().0
    }

    /// Sets a fixed clock, also for the shells that were built with it. Raises `ValueError` where the clock is the system's.
    fn set(&self, nanoseconds: u64) -> PyResult<()> {
        if self.0.set(nanoseconds) {
            return Ok(());
        }
        Err(PyValueError::new_err(
            "the system's clock cannot be set, expected Clock.fixed",
        ))
    }
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Clock>()
}
