"""The shell inside a Python app: the gateway's plan, engine and state around an ASGI 3 application."""

from yett.serve.asgi.app import Yett

__all__ = ["Yett"]
