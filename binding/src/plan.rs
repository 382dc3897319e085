//! Compiled plans for Python: their hash, and everything that the engine has against them.

use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use yett_engine::Plan;
use yett_engine::plan::Fault;
use yett_engine::reason::CATALOGUE_HASH;
use yett_gateway::check_tls;

create_exception!(
    yett._engine,
    PlanFault,
    PyValueError,
    "The engine refuses a compiled plan; `faults` is a list of (JSON pointer, what was found)."
);

/// A fault as Python reads it.
pub(crate) type Told = (String, String);

/// The exception that says these faults.
pub(crate) fn fault(py: Python<'_>, faults: Vec<Fault>) -> PyErr {
    let told: Vec<Told> = faults.into_iter().map(|fault| (fault.pointer, fault.found)).collect();
    let text: Vec<String> = told
        .iter()
        .map(|(pointer, found)| format!("{pointer}: {found}"))
        .collect();
    let error = PlanFault::new_err(text.join("; "));
    match error.value(py).setattr("faults", told) {
        Ok(()) => error,
        Err(other) => other,
    }
}

/// SHA-256 of the catalogue that the engine was built with, in hex.
#[pyfunction]
fn catalogue_hash() -> &'static str {
    CATALOGUE_HASH
}

/// Loads a compiled plan and gives its hash; with `tls`, what its listeners are to show is judged as a child does it
/// (`tls` of `docs/control-protocol.md`, as JSON). Raises `PlanFault`.
#[pyfunction]
#[pyo3(signature = (plan, tls=None))]
fn load_plan(py: Python<'_>, plan: &[u8], tls: Option<&str>) -> PyResult<String> {
    let judge = || {
        let plan = Plan::load(plan)?;
        tls.map_or(Ok(()), |tls| check_tls(&plan.gateway.listen, tls))?;
        Ok(plan.hash.to_string())
    };
    py.detach(judge).map_err(|faults| fault(py, faults))
}

/// The hash that names a plan: SHA-256 of exactly these bytes, in hex. The plan is not read.
#[pyfunction]
fn plan_hash(plan: &[u8]) -> String {
    Plan::hash_of(plan)
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add("PlanFault", module.py().get_type::<PlanFault>())?;
    module.add_function(wrap_pyfunction!(catalogue_hash, module)?)?;
    module.add_function(wrap_pyfunction!(load_plan, module)?)?;
    module.add_function(wrap_pyfunction!(plan_hash, module)?)
}
