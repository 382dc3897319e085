"""Serves the shop: `python -m orders.shop --folder FOLDER`; the folder holds its database and its issuer's keys."""

import argparse
import socket
from pathlib import Path

import uvicorn

from ..issuer import Issuer
from .app import build
from .database import reset


def main() -> None:
    """Says on the first line of stdout where it listens, then serves until it is told to end."""
    parser = argparse.ArgumentParser(prog="orders.shop", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="holds shop.db, issuer.pem and jwks.json")
    parser.add_argument("--port", type=int, default=0, help="on 127.0.0.1; 0: a free one")
    arguments = parser.parse_args()
    folder: Path = arguments.folder
    issuer = Issuer.load(folder) if (folder / "issuer.pem").exists() else Issuer.create(folder)
    reset(folder / "shop.db")
    # the protocol is named, for asyncio sends small answers at once (TCP_NODELAY) only where it reads IPPROTO_TCP
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", arguments.port))
        listener.listen()
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(build(folder / "shop.db", issuer), http="h11", lifespan="off", log_level="warning")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
