"""A stream tells no state twice, beats while there is nothing to tell, and ends in good order."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from litestar.types import Message

from app.api.status.poll import Statuses
from app.api.status.stream import BEGINNING, HEARTBEAT, StatusStream
from domain.errors import UploadNotFoundError
from projections.queries.forecast import NOTHING, Forecast
from projections.queries.status import StatusRow
from tests.api_services import services_without_io
from tests.status_rows import PENDING

SERVICES: Final = services_without_io(Path("unused"))
SESSIONS: Final = SERVICES.sessions


class StandingStill(Statuses):
    """An upload that does not move, and may be erased after it was read so often."""

    def __init__(self, forecast: Forecast = NOTHING, reads: int | None = None) -> None:
        self._forecast = forecast
        self._reads = reads

    async def now(self, upload_id: UUID, session_hash: str, read_version: int) -> tuple[StatusRow, Forecast]:
        """Where it always is."""
        del upload_id, session_hash, read_version
        if self._reads == 0:
            raise UploadNotFoundError
        self._reads = None if self._reads is None else self._reads - 1
        return PENDING, self._forecast


def followed(statuses: Statuses, enough: Callable[[list[bytes]], bool], **headers: str) -> list[bytes]:
    """What a stream tells until its client has enough, or it ends."""
    told: list[bytes] = []

    async def follow() -> None:
        satisfied = asyncio.Event()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                told.append(message["body"])
                if enough(told):
                    satisfied.set()

        async def receive() -> Any:  # noqa: ANN401 - a message of ASGI
            await satisfied.wait()
            return {"type": "http.disconnect"}

        sent = {"x-session-token": SESSIONS.new().token, **headers}
        scope: Any = {
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
            "path_params": {"jobId": str(PENDING.upload_id)},
        }
        await StatusStream(statuses, SERVICES)(scope, receive, send)

    asyncio.run(follow())
    return told


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.api.status.holding.RECHECK_SECONDS", 0.01)
    monkeypatch.setattr("app.api.status.stream.HEARTBEAT_SECONDS", 0.03)


def beaten_twice(told: list[bytes]) -> bool:
    """Whether the heart has beaten twice."""
    return told.count(HEARTBEAT) == 2


def test_what_stands_still_is_told_once_and_then_the_heart_beats_until_the_client_goes() -> None:
    beginning, event, *rest = followed(StandingStill(), beaten_twice)

    assert beginning == BEGINNING
    assert event.startswith(b"id: 1\ndata: {")
    assert rest[:2] == [HEARTBEAT] * 2
    assert rest[-1] == b""


def test_who_has_read_this_version_is_not_told_its_position_in_the_queue_again() -> None:
    told = followed(StandingStill(Forecast(2)), beaten_twice, last_event_id="1")

    assert told[:3] == [BEGINNING, HEARTBEAT, HEARTBEAT]


def test_the_stream_of_an_upload_that_is_erased_ends() -> None:
    beginning, event, *rest = followed(StandingStill(reads=3), beaten_twice)

    assert (beginning, event[:5]) == (BEGINNING, b"id: 1")
    assert [part for part in rest if part != HEARTBEAT] == [b""]
