"""Every attack on the shop, in the order in which they are played."""

from . import answers, identity, injection, message, objects, operations
from .attack import Attack, Outcome, Result, Stage, TwinFailed

ATTACKS: tuple[Attack, ...] = (
    *identity.ATTACKS,
    *operations.ATTACKS,
    *objects.ATTACKS,
    *injection.ATTACKS,
    *message.ATTACKS,
    *answers.ATTACKS,
)

__all__ = ["ATTACKS", "Attack", "Outcome", "Result", "Stage", "TwinFailed"]
