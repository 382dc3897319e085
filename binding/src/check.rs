//! What `yett check` asks the engine: whether a compiled plan is one, and if not, everything that is wrong with it.

use pyo3::prelude::*;
use yett_engine::Plan;

/// The faults of a compiled plan as (JSON pointer into it, what is wrong); empty: the engine can judge by it.
#[pyfunction]
pub(crate) fn check_plan(py: Python<'_>, plan: &[u8]) -> Vec<(String, String)> {
    py.detach(|| match Plan::load(plan) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(|fault| (fault.pointer, fault.found)).collect(),
    })
}
