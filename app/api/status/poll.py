"""GET /api/status/{jobId}: answers a poll at once, or holds it until the upload moves.

`StatusPoll` is an ASGI application, so that the fast path can call it without the framework.
"""

from collections.abc import Awaitable
from typing import Final
from uuid import UUID

from anyio import to_thread
from litestar.types import ASGIApp, Receive, Scope, Send

from app.api.http.addresses import address_of
from app.api.http.correlation import bind
from app.api.http.errors import UnauthorizedError, reply_to
from app.api.http.failed_tokens import FailedTokens
from app.api.http.headers import every
from app.api.http.job_id import JobId
from app.api.http.replies import Reply
from app.api.http.services import History, Services
from app.api.http.session_token import SessionToken
from app.api.http.strangers import not_found
from app.api.status.answer import Tags, answer, is_terminal, position_tag
from app.api.status.holding import MAX_HELD_REQUESTS, held
from app.api.status.request import LONGEST_WAIT, IfNoneMatch, Prefer, StatusRequest, poll_request
from app.limits.errors import TooManyRequestsError
from app.limits.policies import Fields
from app.limits.purses import fields_of_first
from domain.errors import UploadNotFoundError
from projections.queries.forecast import Forecast, Forecaster
from projections.queries.status import IN_LOG_ONLY, Known, StatusReader, StatusRow, folded_row, row_at_last_transition

HELD: Final = "/api/status/{jobId} held"
"""The route name in the metrics for held polls: their clients choose how long they take."""


PERMIT_SECONDS: Final = LONGEST_WAIT + 10
"""How long a held poll may keep its permit: its wait, and the time for its answer."""

State = tuple[StatusRow, Forecast]


class Statuses:
    """Reads an upload's state for its owner: from the read model, or from the log where the read model is behind."""

    def __init__(self, reader: StatusReader, history: History, forecaster: Forecaster) -> None:
        self._reader = reader
        self._history = history
        self._forecaster = forecaster

    async def now(self, upload_id: UUID, session_hash: str, read_version: int) -> State:
        """The upload's state, no older than what the client has read. Raises UploadNotFoundError."""
        known = await self.known(upload_id)
        return self.of_row(known, session_hash, read_version) or await self.found_out(
            known, upload_id, session_hash, read_version
        )

    def known(self, upload_id: UUID) -> Awaitable[Known]:
        """What the read model has of the upload."""
        return self._reader.status(upload_id)

    def of_row(self, row: Known, session_hash: str, read_version: int) -> State | None:
        """The state, where the row and what is cached tell all of it."""
        if row is None or row is IN_LOG_ONLY or row.session_hash != session_hash:
            return None
        if row.missed_transition or row.version < read_version:
            return None
        forecast = self._forecaster.forecast_at_once(row)
        return None if forecast is None else (row, forecast)

    async def found_out(self, row: Known, upload_id: UUID, session_hash: str, read_version: int) -> State:
        """The state, from wherever it has to come. Raises UploadNotFoundError."""
        if row is None or (row is not IN_LOG_ONLY and row.session_hash != session_hash):
            await not_found(UploadNotFoundError)
        if row is IN_LOG_ONLY or row.missed_transition or row.version < read_version:
            row = await to_thread.run_sync(self._row_from_log, upload_id, read_version)
        if row.session_hash != session_hash:
            await not_found(UploadNotFoundError)
        return row, await self._forecaster.forecast(row)

    def _row_from_log(self, upload_id: UUID, read_version: int) -> StatusRow:
        history = self._history(upload_id)
        if not history:
            raise UploadNotFoundError
        # A client that sent an ETag gets the newest version. Without one, answer no later than the row's next state, or
        # the client's next poll could seem to go back.
        return folded_row(history) if read_version > 1 else row_at_last_transition(history)


def statuses_of(services: Services) -> Statuses:
    """The state reader over these services."""
    return Statuses(services.reader, services.history, services.forecaster)


class StatusPoll:
    """Answers polls, at once or when the upload has moved."""

    def __init__(self, services: Services) -> None:
        self._statuses = statuses_of(services)
        self._watches = services.watches
        self._sessions = services.sessions
        self._analytics = services.analytics
        self._limits = services.limits
        self.failed_tokens = FailedTokens(services)
        self._trusted_proxies = services.settings.trusted_proxies

    async def status(
        self,
        job_id: JobId,
        session_token: SessionToken = None,
        if_none_match: IfNoneMatch = None,
        prefer: Prefer = None,
    ) -> ASGIApp:
        """Ask where an upload is."""
        del job_id, session_token, if_none_match, prefer  # for the OpenAPI document; `poll_request` parses them
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request. In one coroutine, as long as nothing but the row must be waited for."""
        try:
            asked = poll_request(scope, self._sessions)
            address = address_of(scope, self._trusted_proxies)
            purses = self._limits.polls.spend_at_once(address, asked.session_hash)
            if purses is None:
                purses = await self._limits.polls.spend(address, asked.session_hash)
            rate = fields_of_first(purses)
            if asked.renewed:
                rate = {**rate, b"x-session-token": asked.renewed.encode()}
            reply = None
            if asked.wait and self._watches.count < MAX_HELD_REQUESTS:
                # Without a permit it is answered at once, without Preference-Applied: its client then polls.
                async with self._limits.held(address, asked.session_hash, PERMIT_SECONDS) as has_permit:
                    if has_permit:
                        scope["path_template"] = HELD
                        reply = await self._held(asked, receive, rate)
            if reply is None:
                known = await self._statuses.known(asked.upload_id)
                who = asked.session_hash, asked.read.version
                state = self._statuses.of_row(known, *who)
                row, forecast = state or await self._statuses.found_out(known, asked.upload_id, *who)
                self._analytics.status_poll(row.upload_id, row.stage, row.progress)
                reply = answer(row, forecast, read=asked.read, more=rate)
        except Exception as error:  # noqa: BLE001 - the error table has an answer for every error
            bind(scope)
            reply = reply_to(await self._refusal(scope, error))
        await reply.send(send, every(scope))

    async def _refusal(self, scope: Scope, error: Exception) -> Exception:
        """The answer to an error. A client that tried many wrong tokens is told to wait."""
        if isinstance(error, UnauthorizedError):
            try:
                await self.failed_tokens.count(scope)
            except TooManyRequestsError as refused:
                return refused
        return error

    async def _held(self, asked: StatusRequest, receive: Receive, rate: Fields) -> Reply:
        read = asked.read
        told = _told(asked, *read.positions) if len(read.positions) == 1 else None
        async with held(self._watches, asked.upload_id, receive, asked.wait, told) as hold:
            await hold.go_on()
            while True:
                row, forecast = await self._statuses.now(asked.upload_id, asked.session_hash, read.version)
                if read.anything:
                    read = Tags.at(row, forecast)
                if is_terminal(row) or position_tag(row, forecast) not in read.positions or not hold.goes_on:
                    break
                await hold.wait()
            if not is_terminal(row):
                hold.keep(_told(asked, position_tag(row, forecast)))
        self._analytics.status_poll(row.upload_id, row.stage, row.progress)
        applied = {} if self._watches.closed or hold.gone else {b"preference-applied": b"wait=%d" % asked.wait}
        return answer(row, forecast, read=read, more={**rate, **applied})


def _told(asked: StatusRequest, position: str) -> str:
    """A state as this session was told it: what others were told says nothing to it."""
    return f"{asked.session_hash} {position}"
