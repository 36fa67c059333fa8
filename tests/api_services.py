"""The services of an API over a database and a folder, for tests that serve it or only ask for its routes."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
from prometheus_client import CollectorRegistry
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from app.api.http.services import BODY_SECONDS, Check, Services, utc_now
from app.limits.limits import Limits
from app.settings.environment import Settings
from app.signing.links import SignedLinks
from app.signing.sessions import Sessions
from app.storage.folder import FolderStore
from domain.ports import Clock
from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import async_pool
from projections.queries.forecast import Forecaster
from projections.queries.status import StatusReader
from projections.queries.watches import Watches
from tests.fakes.silent_notifier import SilentNotifier

KEYS: Final = ("a key for the tests, long enough",)
PROMPT_VERSION: Final = 3
UNLIMITED: Final = dict.fromkeys(("uploads_per_minute", "polls_per_minute", "held_per_session", "held_per_address"), 0)


class Polls:
    """Remembers every poll that analytics is told of."""

    def __init__(self) -> None:
        self.seen: list[tuple[UUID, Stage | None, int]] = []

    def status_poll(self, upload_id: UUID, stage: Stage | None, progress: int) -> None:
        """Remember it."""
        self.seen.append((upload_id, stage, progress))


def api_services(
    *,
    uploads: Uploads,
    log: EventLog,
    pool: ConnectionPool[psycopg.Connection[Any]],
    poll_pool: AsyncConnectionPool[psycopg.AsyncConnection[Any]],
    folder: Path,
    checks: Mapping[str, Check] | None = None,
    body_seconds: float = BODY_SECONDS,
    watches: Watches | None = None,
    clock: Clock = utc_now,
    limits: Limits | None = None,
    put_behind: Callable[[UUID], object] | None = None,
    **settings: Any,  # noqa: ANN401 - the fields of Settings
) -> Services:
    """Services without limits, unless the settings have some."""
    links = SignedLinks(KEYS)
    ended: set[str] = set()
    all_settings = Settings(**{**UNLIMITED, **settings})
    reader = StatusReader(poll_pool)
    return Services(
        settings=all_settings,
        uploads=uploads,
        pool=pool,
        history=log.history,
        reader=reader,
        forecaster=Forecaster(reader),
        watches=watches or Watches(),
        blobs=FolderStore(folder, links.sign),
        sessions=Sessions(KEYS, ended=ended),
        end_session=ended.add,
        put_behind=put_behind or (lambda _: None),
        links=links,
        limits=limits or Limits(all_settings),
        checks=checks or {},
        analytics=Polls(),
        registry=CollectorRegistry(),
        figures={},
        prompt_version=PROMPT_VERSION,
        body_seconds=body_seconds,
        clock=clock,
    )


def services_without_io(folder: Path) -> Services:
    """Services whose connections are not opened: enough for the routes and the OpenAPI document."""
    pool: ConnectionPool[psycopg.Connection[Any]] = ConnectionPool(open=False)
    log = EventLog(pool)
    return api_services(
        uploads=Uploads(log, SilentNotifier()), log=log, pool=pool, poll_pool=async_pool("", 1, "test"), folder=folder
    )
