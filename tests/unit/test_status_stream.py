"""A stream of which nothing is heard for long says that it is there: a proxy that hears nothing hangs up."""

import asyncio
from typing import Any, Final
from uuid import UUID

import pytest
from litestar.types import Message

from app.api.status import Statuses
from app.api.status_stream import BEGINNING, HEARTBEAT, StatusStream
from app.sessions import Sessions
from projections.forecast import NOTHING, Forecast
from projections.reader import StatusRow
from projections.watches import Watches
from tests.status_rows import PENDING

SESSIONS: Final = Sessions(["a key of these tests that is long enough"])


class StandingStill(Statuses):
    """An upload that does not move."""

    def __init__(self) -> None:
        pass

    async def now(self, upload_id: UUID, session_hash: str, read_version: int) -> tuple[StatusRow, Forecast]:
        """Where it always is."""
        del upload_id, session_hash, read_version
        return PENDING, NOTHING


def test_what_stands_still_is_told_once_and_then_the_heart_beats_until_the_client_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.api.holding.LOOK_SECONDS", 0.01)
    monkeypatch.setattr("app.api.status_stream.HEARTBEAT_SECONDS", 0.03)
    told: list[bytes] = []

    async def follow() -> None:
        beaten_twice = asyncio.Event()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                told.append(message["body"])
                if told.count(HEARTBEAT) == 2:
                    beaten_twice.set()

        async def receive() -> Any:  # noqa: ANN401 - a message of ASGI
            await beaten_twice.wait()
            return {"type": "http.disconnect"}

        scope: Any = {
            "headers": [(b"x-session-token", SESSIONS.new().token.encode())],
            "path_params": {"jobId": str(PENDING.upload_id)},
        }
        await StatusStream(StandingStill(), Watches(), SESSIONS)(scope, receive, send)

    asyncio.run(follow())

    beginning, event, *rest = told
    assert beginning == BEGINNING
    assert event.startswith(b"id: 1\ndata: {")
    assert rest[:2] == [HEARTBEAT] * 2
    assert rest[-1] == b""
