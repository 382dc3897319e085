"""What users import around their app: `from yett.asgi import Yett`."""

from yett.serve.asgi import Yett

__all__ = ["Yett"]
