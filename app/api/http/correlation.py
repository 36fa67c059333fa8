"""The correlation id of a request: the client's own X-Request-ID if it is sane, else a new one."""

import random
import re
from typing import Any, Final

import structlog
from litestar import Request
from litestar.types import Scope

HEADER: Final = b"x-request-id"
STATE_KEY: Final = "correlation_id"
SANE: Final = re.compile(rb"[A-Za-z0-9_.-]{1,64}")


def correlation_id(scope: Scope) -> str:
    """The same one each time for a request."""
    state: dict[str, Any] = scope.setdefault("state", {})
    if STATE_KEY not in state:
        sent = dict(scope["headers"]).get(HEADER, b"")
        state[STATE_KEY] = sent.decode("ascii") if SANE.fullmatch(sent) else _new()
    found: str = state[STATE_KEY]
    return found


def _new() -> str:
    # Nothing hangs on its being hard to guess, and the kernel's randomness would cost a poll more than its row does.
    return f"{random.getrandbits(128):032x}"


async def bind_correlation_id(request: Request[Any, Any, Any]) -> None:
    """Make every line that is logged for this request carry its id."""
    bind(request.scope)


def bind(scope: Scope) -> None:
    """The same, past the framework."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(correlation_id=correlation_id(scope))
