"""One process a plan: a lock on a file of its own, which editors and deployments do not replace as they do the plan."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING, BinaryIO

from yett.serve.sockets import CannotServe

if TYPE_CHECKING:
    from yett.policy.compile import Compiled


def lock(compiled: Compiled) -> BinaryIO | None:
    """Held until it is closed; none where the plan lets several processes count. Raises `CannotServe`.

    Counters are the process's own, so a second process would double every limit.
    """
    source = compiled.source
    if source.plan.danger_state_per_process:
        return None
    folder = (source.folder / source.plan.plans).resolve()
    path = folder / f".{source.path.name}.lock"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        held = os.fdopen(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600), "rb")
    except OSError as error:
        raise CannotServe(
            f"{path} cannot be written ({error.strerror}); `plans:` in the plan names another folder"
        ) from None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        held.close()
        raise CannotServe(
            f"{source.path}: another process already serves this plan, and `state: memory` counts in each alone;"
            " run one worker, or set danger_state_per_process: true"
        ) from None
    return held
