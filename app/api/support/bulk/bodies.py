"""The bodies of bulk actions, in camelCase."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from app.api.http.bodies import Body
from workers.upkeep.bulk import BulkState
from workers.upkeep.commands import ActionName


class ProgressBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """How many uploads came to which outcome; `left` have had no turn yet.

    done: the action's event is in the log. unchanged: there was nothing to do. refused: it made no sense any more.
    failed: the upload cannot be read, or its objects not be deleted.
    """

    done: int
    unchanged: int
    refused: int
    failed: int
    left: int


class BulkBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """A bulk action. `count` uploads were found; for `fit` of them the action made sense then."""

    bulk_id: UUID
    action: ActionName
    search: dict[str, str]
    reason: str
    state: BulkState
    count: int
    fit: int
    planned_by: str
    planned_at: datetime
    expires_at: datetime
    started_by: str | None
    started_at: datetime | None
    ended_by: str | None
    ended_at: datetime | None
    progress: ProgressBody
    next: str


class PlannedBody(Body, frozen=True, kw_only=True):
    """What a dry run found: these uploads, and no others, are acted on if it is carried out."""

    bulk: BulkBody
    job_ids: list[UUID]


class OneBulkBody(Body, frozen=True, kw_only=True):
    """A bulk action as it is now."""

    bulk: BulkBody


class BulksBody(Body, frozen=True, kw_only=True):
    """The latest bulk actions, the newest first."""

    bulks: list[BulkBody]


class BulkUploadBody(Struct, frozen=True, kw_only=True, rename="camel"):
    """What became of one upload; `outcome` is null until its turn. `told` says why it was refused or failed."""

    job_id: UUID
    outcome: str | None
    told: str | None
    at: datetime | None


class ReportBody(Body, frozen=True, kw_only=True):
    """A bulk action with a page of its report, in the order of the run; `nextCursor` is null on the last page."""

    bulk: BulkBody
    uploads: list[BulkUploadBody]
    next_cursor: str | None
