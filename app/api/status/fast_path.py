"""The framework, with a way past it for polls: they are most of what is asked, and its routing costs more than they do.

What passes is exactly GET /api/status/{jobId}; every other shape of it goes through the framework to the same
application, which is in the OpenAPI document there.
"""

from typing import Any, Final

from litestar import Litestar
from litestar.types import Receive, Scope, Send

from app.api.http.correlation import bind
from app.api.http.errors import reply_to
from app.api.http.head import answer_head
from app.api.http.headers import every
from app.api.status.poll import StatusPoll

PREFIX: Final = "/api/status/"
PATH: Final = "/api/status/{jobId}"


class PollsFirst(Litestar):
    """An API whose polls are answered at once."""

    def __init__(self, *, poll: StatusPoll, **parts: Any) -> None:  # noqa: ANN401 - the framework's own
        super().__init__(**parts)
        self._poll = poll

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - of every kind that ASGI has
        """Answer a request."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].startswith(PREFIX):
            job_id = scope["path"][len(PREFIX) :]
            if job_id and "/" not in job_id:
                await self._answer(job_id, scope, receive, send)
                return
        if scope["type"] == "http" and scope["method"] == "HEAD":
            await answer_head(self, scope, send)
        else:
            await super().__call__(scope, receive, send)

    async def _answer(self, job_id: str, scope: Scope, receive: Receive, send: Send) -> None:
        scope["path_template"] = PATH
        scope["path_params"] = {"jobId": job_id}
        try:
            reply = await self._poll.reply(scope, receive)
        except Exception as error:  # noqa: BLE001 - the table of errors has an answer to every one
            bind(scope)
            reply = reply_to(error)
        await reply.send(send, every(scope))
