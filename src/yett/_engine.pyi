"""What `yett._engine` offers, for type checkers; the module itself is `binding/`."""

class PlanFault(ValueError):
    """The engine refuses a compiled plan."""

    faults: list[tuple[str, str]]

class Clock:
    """The clock of a shell."""

    @staticmethod
    def system() -> Clock: ...
    @staticmethod
    def fixed(nanoseconds: int) -> Clock: ...
    def now(self) -> int: ...
    def set(self, nanoseconds: int) -> None: ...

def catalogue_hash() -> str: ...
def load_plan(plan: bytes) -> str: ...
def plan_hash(plan: bytes) -> str: ...
def run_worker(
    config_json: str,
    listener_fds: list[int],
    admin_fd: int | None,
    control_fd: int | None,
    clock: Clock,
) -> None: ...
