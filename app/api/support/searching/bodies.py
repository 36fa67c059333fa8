"""The bodies of a search, in camelCase."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.api.http.bodies import Body
from domain.failures import FailureCode
from domain.stages import Stage, Status


class FoundBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """An upload that was found. `session` is the actor of its owner, `worker` who runs it now."""

    job_id: UUID
    status: Status
    stage: Stage | None
    progress: int
    error_code: FailureCode | None
    failed_stage: Stage | None
    attempt: int
    running: bool
    worker: str | None
    stands_still: bool
    waiting_for: FailureCode | None
    retry_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int
    session: str


class SearchBody(Body, frozen=True, kw_only=True):
    """A page of uploads, newest first. `count` is exact up to 10,000; `nextCursor` is null on the last page.

    `behind` is 0 unless the projector stands still: then the page lacks what the last events say.
    """

    uploads: list[FoundBody]
    count: int
    count_is_exact: bool
    behind: int
    next_cursor: str | None


class SavedSearchBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """A search that is made every day; `query` are the parameters of GET /api/support/uploads."""

    name: str
    title: str
    query: str


class SavedSearchesBody(Body, frozen=True, kw_only=True):
    """The saved searches."""

    searches: list[SavedSearchBody]
