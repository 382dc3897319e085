"""What a user may write in the plan about role: the roles of which a caller needs one."""

from __future__ import annotations

from yett.policy.values import Texts

Roles = Texts
"""One of them must be held by a credential that is shown."""
