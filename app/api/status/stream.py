"""GET /api/status/{jobId}/stream: the same body as a poll's, as a server-sent event each time that the upload moves.

Browsers read it with fetch: EventSource cannot send the session token. A stream ends with the event of the upload's
end; one that ends otherwise was cut, by its bound or by our stop, and is asked for again from its last id on.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import msgspec
from eventsourcing.persistence import MapperDeserialisationError
from litestar.types import ASGIApp, Receive, Scope, Send

from app.api.http.job_id import JobId
from app.api.http.session_token import SessionToken
from app.api.http.slots import OverloadedError
from app.api.status.answer import POLL_AFTER_MS, Tags, body_of, is_terminal, place_of
from app.api.status.holding import MOST, Hold, held
from app.api.status.poll import Statuses
from app.api.status.request import Asking, LastEventId, following
from app.signing.sessions import Sessions
from domain.errors import UnavailableError, UploadNotFoundError
from projections.queries.forecast import Forecast
from projections.queries.status import StatusRow
from projections.queries.watches import Watches

STREAM_SECONDS: Final = 300.0
"""The longest stream; its client asks again."""
HEARTBEAT_SECONDS: Final = 15.0
"""A proxy that hears nothing for a minute may hang up."""
SEND_SECONDS: Final = 10.0
"""A client that reads no further for so long is gone."""
HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a proxy that collects what comes would show it at the end
]
BEGINNING: Final = f"retry: {POLL_AFTER_MS}\n\n".encode()
HEARTBEAT: Final = b":\n\n"


class TooManyHeldError(OverloadedError):
    """Too many clients follow their uploads just now. Please poll instead."""


class StatusStream:
    """Tells the owner of an upload every step of it."""

    def __init__(self, statuses: Statuses, watches: Watches, sessions: Sessions) -> None:
        self._statuses = statuses
        self._watches = watches
        self._sessions = sessions

    async def stream(
        self, job_id: JobId, session_token: SessionToken = None, last_event_id: LastEventId = None
    ) -> ASGIApp:
        """Follow an upload. Each event's data is the body of its status, and its id the version."""
        del job_id, session_token, last_event_id  # for the document: `following` reads them
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        asked = following(scope, self._sessions)
        if self._watches.closed or self._watches.count >= MOST:
            raise TooManyHeldError
        async with held(self._watches, asked.upload_id, receive, STREAM_SECONDS) as hold:
            first = await self._statuses.now(asked.upload_id, asked.session_hash, asked.read.version)
            await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
            with suppress(TimeoutError):
                async for told in self._told(asked, hold, *first):
                    async with asyncio.timeout(SEND_SECONDS):
                        await send({"type": "http.response.body", "body": told, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _told(self, asked: Asking, hold: Hold, row: StatusRow, forecast: Forecast) -> AsyncIterator[bytes]:
        """What goes out, from the first state that was found to the end."""
        clock = asyncio.get_running_loop().time
        # An event's id says no place in the queue: whoever has read this version has read its place.
        read = Tags.at(row, forecast) if row.version == asked.read.version else asked.read
        quiet_since = clock()
        yield BEGINNING
        while True:
            if is_terminal(row) or place_of(row, forecast) not in read.places:
                yield _event(row, forecast)
                read, quiet_since = Tags.at(row, forecast), clock()
            elif clock() - quiet_since > HEARTBEAT_SECONDS:
                yield HEARTBEAT
                quiet_since = clock()
            if is_terminal(row) or not hold.goes_on:
                return
            await hold.wait()
            try:
                row, forecast = await self._statuses.now(asked.upload_id, asked.session_hash, read.version)
            except UploadNotFoundError:
                return  # it was erased: whoever asks again is told so
            except (UnavailableError, MapperDeserialisationError):
                pass  # nobody reads anything wrong, only later


def _event(row: StatusRow, forecast: Forecast) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (row.version, msgspec.json.encode(body_of(row, forecast)))
