"""The services that every resource of the API may use: settings, stores, sessions, limits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from msgspec import Struct
from prometheus_client import CollectorRegistry

from app.limits.limits import Limits
from app.metrics.families import Source
from app.settings.environment import Settings
from app.signing.links import SignedLinks
from app.signing.sessions import Sessions
from domain.ports import BlobStore, Clock
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import LoggedEvent
from projections.log.pools import Pool
from projections.queries.forecast import Forecaster
from projections.queries.status import StatusReader
from projections.queries.watches import Watches

BODY_SECONDS: Final = 60.0
"""How long a photo may take to arrive."""

Check = Callable[[], object]
"""A ping of one dependency: it returns or raises, and may block."""
History = Callable[[UUID], Sequence[LoggedEvent]]
"""Reads every event of one upload. It blocks."""


class PollAnalytics(Protocol):
    """Counts polls. It returns at once and never raises."""

    def status_poll(self, upload_id: UUID, stage: Stage | None, progress: int) -> None:
        """A client polled this upload."""


def utc_now() -> datetime:
    """The time of this machine, in UTC."""
    return datetime.now(UTC)


class Services(Struct, frozen=True, kw_only=True):
    """The parts that one API process is made of."""

    settings: Settings
    uploads: Uploads
    pool: Pool
    history: History
    reader: StatusReader
    forecaster: Forecaster
    watches: Watches
    blobs: BlobStore
    sessions: Sessions
    links: SignedLinks
    end_session: Callable[[str], object]
    put_behind: Callable[[UUID], object]
    limits: Limits
    checks: Mapping[str, Check]
    analytics: PollAnalytics
    registry: CollectorRegistry
    figures: Mapping[str, Source]
    prompt_version: int
    body_seconds: float = BODY_SECONDS
    clock: Clock = utc_now
