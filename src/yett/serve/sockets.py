"""Opens the sockets on which clients connect, and says plainly why one cannot be opened. Accepts nothing."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable, Iterable

_WHY = {
    errno.EADDRINUSE: "is in use by another process; stop that one, or name another address",
    errno.EACCES: "is not for this user (ports below 1024 are the administrator's); name another port",
    errno.EADDRNOTAVAIL: "is no address of this machine; name one that is",
    errno.EAFNOSUPPORT: "is of a family that this machine does not have; name another address",
}
BACKLOG = 4096


class CannotServe(Exception):
    """The gateway cannot start, or go on; the text says why and what to do."""

    def __init__(self, text: str, *, placed: bool = False) -> None:
        """`placed`: the text begins with its place in the plan."""
        self.placed = placed
        super().__init__(text)


def listen(address: str) -> socket.socket:
    """A listening socket on `address` (`127.0.0.1:8080`, `[::1]:0`). Raises `CannotServe`."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    try:
        found = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise CannotServe(f"{address} {_WHY.get(error.errno or 0, error.strerror)}") from None
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            found.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        found.bind((host.strip("[]"), int(port)))
        found.listen(BACKLOG)
    except OSError as error:
        found.close()
        raise CannotServe(f"{address} {_WHY.get(error.errno or 0, error.strerror)}") from None
    return found


class Sockets:
    """The open sockets by the address that the plan names; a new plan keeps those that it names too."""

    def __init__(self, override: Callable[[str], str] = str) -> None:
        """`override` gives the address to open in place of one of the plan's."""
        self._override = override
        self._open: dict[str, socket.socket] = {}

    def want(self, addresses: Iterable[str]) -> list[socket.socket]:
        """A socket for each address, those that are open already among them; all or none. Raises `CannotServe`."""
        new: dict[str, socket.socket] = {}
        wanted = list(addresses)
        try:
            for address in wanted:
                if address not in self._open:
                    new[address] = self._listen(address)
        except CannotServe:
            for each in new.values():
                each.close()
            raise
        self._open |= new
        return [self._open[address] for address in wanted]

    def _listen(self, address: str) -> socket.socket:
        wanted = self._override(address)
        try:
            return listen(wanted)
        except CannotServe:
            own = next((name for name in self.names(self._open) if _overlap(wanted, name)), None)
            if own is None:
                raise
            found = f"{wanted} is in use by this gateway itself, which listens on {own}"
            raise CannotServe(f"{found}: the gateway needs a restart for it, or another port") from None

    def keep(self, addresses: Iterable[str]) -> None:
        """Closes all others."""
        kept = set(addresses)
        for address in self._open.keys() - kept:
            self._open.pop(address).close()

    def names(self, addresses: Iterable[str]) -> list[str]:
        """Where the sockets of these addresses really listen: the port, where the plan says 0."""
        found: list[str] = []
        for address in addresses:
            host, port = self._open[address].getsockname()[:2]
            found.append(f"[{host}]:{port}" if ":" in host else f"{host}:{port}")
        return found


def _overlap(one: str, other: str) -> bool:
    """Whether two addresses have a port in common, and one of them is every address of the machine."""
    (host, _, port), (another, _, its) = one.rpartition(":"), other.rpartition(":")
    return port == its and bool({host, another} & {"0.0.0.0", "[::]"})  # noqa: S104 - compared, not bound
