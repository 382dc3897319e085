//! The child process for Python: adopts the inherited sockets and serves, without the GIL, until it has drained.

use std::net::TcpListener;
use std::os::fd::{FromRawFd as _, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use yett_gateway::worker::{Inherited, NotStarted, run};

use crate::clock::Clock;
use crate::plan;

/// Serves until drained; `docs/control-protocol.md` says what the arguments are. The descriptors become the worker's own.
///
/// Raises `PlanFault`, `ValueError` for a configuration that is not as documented, `OSError`.
#[pyfunction]
fn run_worker(
    py: Python<'_>,
    config_json: &str,
    listener_fds: Vec<RawFd>,
    admin_fd: Option<RawFd>,
    control_fd: Option<RawFd>,
    clock: &Clock,
) -> PyResult<()> {
    let mut all: Vec<RawFd> = listener_fds.iter().copied().chain(admin_fd).chain(control_fd).collect();
    all.sort_unstable();
    if all.iter().any(|descriptor| *descriptor <= 2)
        || all.windows(2).any(|pair| matches!(pair, [one, other] if one == other))
    {
        return Err(PyValueError::new_err(
            "descriptors: expected each once, and none of 0, 1, 2",
        ));
    }
    let inherited = Inherited {
        listeners: listener_fds
            .into_iter()
            .map(adopt)
            .map(|found| found.map(TcpListener::from))
            .collect::<PyResult<_>>()?,
        admin: admin_fd.map(adopt).transpose()?.map(TcpListener::from),
        control: control_fd.map(adopt).transpose()?.map(UnixStream::from),
    };
    let clock = clock.0.clone();
    py.detach(|| run(config_json, inherited, clock))
        .map_err(|why| match why {
            NotStarted::Refused(faults) => plan::fault(py, faults),
            NotStarted::Config(found) => PyValueError::new_err(found),
            NotStarted::Io(error) => PyOSError::new_err(error.to_string()),
        })
}

/// Takes over a descriptor that the caller gives away.
fn adopt(descriptor: RawFd) -> PyResult<OwnedFd> {
    // A number that is no descriptor would only show when it is used.
    if !std::path::Path::new(&format!("/proc/self/fd/{descriptor}")).exists() {
        return Err(PyOSError::new_err(format!("{descriptor} is no open descriptor")));
    }
    #[expect(
        unsafe_code,
        reason = "the caller gives the descriptor away: each number once (checked above), open (checked here)"
    )]
    // SAFETY: it is open, and the worker's process was started to hand it over; nothing else in it uses the number.
    let owned = unsafe { OwnedFd::from_raw_fd(descriptor) };
    Ok(owned)
}

pub(crate) fn add(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(run_worker, module)?)
}
