"""One child process and the control socket to it (docs/control-protocol.md). Which there are is the supervisor's."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Message = dict[str, Any]
GRACE_SECONDS = 5.0
SEND_SECONDS = 3.0  # a child that reads nothing for so long holds up the parent, and with it revocation


@dataclass(frozen=True)
class Start:
    """What a child is started with. `config` holds the pepper, so it goes through a pipe.

    `secrets` names what the plan reads from the environment: the process that faces the network does not inherit it.
    """

    config: Message
    listeners: Sequence[socket.socket]
    admin: socket.socket | None
    folder: Path
    clock: int | None
    secrets: frozenset[str] = frozenset()


class Child:
    """A started worker. `told` is called, in another thread, with each message, and with `None` at the end of all."""

    def __init__(self, start: Start, told: Callable[[Child, Message | None], None]) -> None:
        """Start the process; raises `OSError` where the system does not."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        timeval = struct.pack("ll", *divmod(int(SEND_SECONDS * 1e6), 1_000_000))
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, timeval)
        with theirs:
            descriptors = [each.fileno() for each in start.listeners]
            admin = start.admin.fileno() if start.admin else None
            passed = [*descriptors, theirs.fileno(), *([admin] if admin is not None else [])]
            # -P: the plan's folder, in which the child works, is no place for modules.
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "yett.serve.worker"],
                stdin=subprocess.PIPE,
                pass_fds=passed,
                cwd=start.folder,
                env={name: value for name, value in os.environ.items() if name not in start.secrets},
                start_new_session=True,  # Ctrl-C reaches the parent, and the parent drains
            )
            self._socket = ours
            document = {"config": start.config, "listeners": descriptors, "admin": admin, "control": theirs.fileno()}
            self._hand_over(json.dumps({**document, "clock": start.clock}).encode())
        threading.Thread(target=self._listen, args=(told,), name=f"yett-child-{self.pid}", daemon=True).start()

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    def send(self, **message: object) -> bool:
        """Sends one message; whether the child could take it, each part of it within `SEND_SECONDS`."""
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            return False
        return True

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()

    def wait(self, seconds: float | None = None) -> int | None:
        """Its exit code; none if it still runs after so many seconds."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def _hand_over(self, document: bytes) -> None:
        stdin = self._process.stdin
        if stdin is None:
            return
        try:
            with stdin:
                stdin.write(document)
        except OSError:  # it ended before it read all; its end is told by its control socket
            return

    def _listen(self, told: Callable[[Child, Message | None], None]) -> None:
        with self._socket, self._socket.makefile("rb") as lines:
            try:
                for line in lines:
                    told(self, json.loads(line))
            except (OSError, ValueError):
                self._process.kill()
        # A child that cannot be told of revoked keys must not serve on.
        if self.wait(GRACE_SECONDS) is None:
            self._process.kill()
        self._process.wait()
        told(self, None)
