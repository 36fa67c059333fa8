"""GET /api/status/{jobId}/stream: the body of a poll as a server-sent event each time that the upload moves.

Browsers read it with fetch: EventSource cannot send the session token. A complete stream ends with the event of the
upload's end. A stream that ends earlier reached its time limit or the service stopped; its client asks again with
Last-Event-ID.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Final

import msgspec
from eventsourcing.persistence import MapperDeserialisationError
from litestar.types import ASGIApp, Receive, Scope, Send

from app.api.http.addresses import address_of
from app.api.http.job_id import JobId
from app.api.http.services import Services
from app.api.http.session_token import SessionToken
from app.api.http.slots import OverloadedError
from app.api.status.answer import POLL_AFTER_MS, Tags, body_of, is_terminal, position_tag
from app.api.status.holding import MAX_HELD_REQUESTS, Hold, held
from app.api.status.poll import Statuses
from app.api.status.request import LastEventId, StatusRequest, stream_request
from app.limits.errors import TooManyStreamsError
from domain.errors import HistoryError, UnavailableError, UploadNotFoundError
from projections.queries.forecast import Forecast
from projections.queries.status import StatusRow

STREAM_SECONDS: Final = 300.0
"""The longest stream. Its client then asks again."""
PERMIT_SECONDS: Final = 320
"""How long a stream may keep its permit, its last event included."""
HEARTBEAT_SECONDS: Final = 15.0
"""A proxy may close a connection that is silent for a minute."""
SEND_SECONDS: Final = 10.0
"""A client that has not read for this long counts as disconnected."""
HEADERS: Final = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # a buffering proxy would deliver all events at the end
]
BEGINNING: Final = f"retry: {POLL_AFTER_MS}\n\n".encode()
HEARTBEAT: Final = b":\n\n"


class TooManyHeldError(OverloadedError):
    """Too many clients follow their uploads just now. Please poll instead."""


class StatusStream:
    """Streams every step of an upload to its owner."""

    def __init__(self, statuses: Statuses, services: Services) -> None:
        self._statuses = statuses
        self._watches = services.watches
        self._sessions = services.sessions
        self._limits = services.limits
        self._trusted_proxies = services.settings.trusted_proxies

    async def stream(
        self, job_id: JobId, session_token: SessionToken = None, last_event_id: LastEventId = None
    ) -> ASGIApp:
        """Follow an upload. Each event's data is the body of its status, and its id the version."""
        del job_id, session_token, last_event_id  # for the OpenAPI document; `stream_request` parses them
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        asked = stream_request(scope, self._sessions)
        address = address_of(scope, self._trusted_proxies)
        await self._limits.polls.spend(address, asked.session_hash)
        if self._watches.closed or self._watches.count >= MAX_HELD_REQUESTS:
            raise TooManyHeldError
        async with self._limits.held(address, asked.session_hash, PERMIT_SECONDS) as has_permit:
            if not has_permit:
                raise TooManyStreamsError
            await self._follow(asked, receive, send)

    async def _follow(self, asked: StatusRequest, receive: Receive, send: Send) -> None:
        async with held(self._watches, asked.upload_id, receive, STREAM_SECONDS) as hold:
            first = await self._statuses.now(asked.upload_id, asked.session_hash, asked.read.version)
            renewed = [(b"x-session-token", asked.renewed.encode())] if asked.renewed else []
            await send({"type": "http.response.start", "status": 200, "headers": [*HEADERS, *renewed]})
            with suppress(TimeoutError):
                async for chunk in self._events(asked, hold, *first):
                    async with asyncio.timeout(SEND_SECONDS):
                        await send({"type": "http.response.body", "body": chunk, "more_body": True})
                await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _events(
        self, asked: StatusRequest, hold: Hold, row: StatusRow, forecast: Forecast
    ) -> AsyncIterator[bytes]:
        """The chunks of the stream, from the first state to the end."""
        clock = asyncio.get_running_loop().time
        # An event's id has no queue position: a client that has read this version has read its position.
        read = Tags.at(row, forecast) if row.version == asked.read.version else asked.read
        quiet_since = clock()
        yield BEGINNING
        while True:
            if is_terminal(row) or position_tag(row, forecast) not in read.positions:
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
                return  # it was erased; the client's next request gets 404
            except (UnavailableError, MapperDeserialisationError, HistoryError):
                pass  # the stream is late, never wrong


def _event(row: StatusRow, forecast: Forecast) -> bytes:
    return b"id: %d\ndata: %b\n\n" % (row.version, msgspec.json.encode(body_of(row, forecast)))
