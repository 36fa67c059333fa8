"""The ids of a request: the correlation id, which is ours and enters events, and the client's own X-Request-ID.

What a client writes stays for ever once it is in an event, so its id is in the log lines and in the answer alone.
"""

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
    """The same one each time for a request: 32 hexadecimal digits."""
    state: dict[str, Any] = scope.setdefault("state", {})
    if STATE_KEY not in state:
        # It need not be hard to guess, and the randomness of the kernel would cost a poll more than its row does.
        state[STATE_KEY] = f"{random.getrandbits(128):032x}"
    found: str = state[STATE_KEY]
    return found


def request_id(scope: Scope) -> str:
    """What the answer carries as X-Request-ID: the client's own id if it is sane, else the correlation id."""
    sent = b""
    for name, value in scope["headers"]:
        if name == HEADER:
            sent = value
    return sent.decode("ascii") if sent and SANE.fullmatch(sent) else correlation_id(scope)


async def bind_correlation_id(request: Request[Any, Any, Any]) -> None:
    """Make every line that is logged for this request carry its ids."""
    bind(request.scope)


def bind(scope: Scope) -> None:
    """The same, past the framework."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(correlation_id=correlation_id(scope), request_id=request_id(scope))
