"""Answers polls before the framework sees them: its routing costs more than a poll.

Only GET /api/status/{jobId} takes this path. Every other form of the request goes through the framework to the same
`StatusPoll`, which is how the OpenAPI document knows it.
"""

from collections.abc import Coroutine
from typing import Any, Final

from litestar import Litestar

from app.api.http.head import answer_head
from app.api.status.poll import StatusPoll

PREFIX: Final = "/api/status/"
PATH: Final = "/api/status/{jobId}"


class FastPathApi(Litestar):
    """A Litestar application that answers polls itself."""

    def __init__(self, *, poll: StatusPoll, **parts: Any) -> None:  # noqa: ANN401 - the framework's own
        super().__init__(**parts)
        self._poll = poll

    def __call__(self, scope: Any, receive: Any, send: Any) -> Coroutine[Any, Any, None]:  # noqa: ANN401 - every ASGI message type
        """Answer a request."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(PREFIX):
            job_id = scope["path"][len(PREFIX) :]
            if job_id and "/" not in job_id:
                scope["path_template"] = PATH
                scope["path_params"] = {"jobId": job_id}
                return self._poll(scope, receive, send)
        if scope["type"] == "http" and scope["method"] == "HEAD":
            return answer_head(self, scope, send)
        return super().__call__(scope, receive, send)
