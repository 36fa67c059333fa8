"""Two projectors, two dispatchers, two reconcilers: one works, and the other goes on when that one dies or freezes.

Real processes. One of each pair meets its fate at one exact place (tests/failpoints.py). The other one is frozen until
then, between two transactions: it is there, it has its connections, and it must block no other one.
"""

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import ConnectionPool
from redis import Redis

from domain.stages import Stage
from domain.uploads import Uploads
from projections.log.connections import IDLE_IN_TRANSACTION_SECONDS
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.rows.rebuilding import rebuild
from tests.acceptance.service import Running, clean_environment
from tests.fakes.silent_notifier import SilentNotifier
from tests.linux_processes import status
from tests.submissions import run_to, submit
from tests.waiting import BUSY_SECONDS, until

ROOT: Final = Path(__file__).parent.parent.parent
QUEUE: Final = "dramatiq:runs"
STARTED: Final = {"project": "readers.started", "dispatch": "dispatcher.started"}
DEATH_SECONDS: Final = 5.0 + BUSY_SECONDS
"""What a death may cost: PostgreSQL hears of it at once, and the other one is at its door."""
FROZEN_SECONDS: Final = IDLE_IN_TRANSACTION_SECONDS + DEATH_SECONDS


class Process(Running):
    """A process with fail-points."""

    program = (sys.executable, "-m", "tests.failpoints")

    def wait_until_at_work(self, kind: str) -> None:
        """Return when it follows the log, or has met its fate at its first look at it."""
        until(lambda: self.is_frozen or self.has_said(STARTED[kind]), f"{kind} does not start:\n{self.output}", 60)

    @property
    def is_frozen(self) -> bool:
        """Whether it has got SIGSTOP."""
        return status(self.pid, "State").startswith("T")

    def freeze(self) -> None:
        """Stop it where it is."""
        os.kill(self.pid, signal.SIGSTOP)
        until(lambda: self.is_frozen, "it does not freeze")

    def thaw(self) -> None:
        """Let it go on, if it still lives."""
        self.send(signal.SIGCONT)


class Scene:
    """A log, a queue, and pairs of processes over them."""

    def __init__(
        self, database_url: str, redis_url: str, folder: Path, pool: ConnectionPool[psycopg.Connection[Any]]
    ) -> None:
        self.pool = pool
        self.event_log = EventLog(pool)
        self.uploads = Uploads(self.event_log, SilentNotifier())
        self.redis = Redis.from_url(redis_url, socket_timeout=2)
        self._folder = folder
        self._environment = clean_environment(
            DATABASE_URL=database_url,
            REDIS_URL=redis_url,
            SECRET_KEYS="a key of these tests that is long enough",
            LOG_FORMAT="json",
            PYTHONPATH=str(ROOT),
        )

    @contextmanager
    def pair(self, kind: str, fate: str | None = None) -> Iterator[tuple[Process, Process]]:
        """One at work whose fate is set, and one frozen beside it, between two transactions."""
        other = Process(kind, folder=self._folder, environment=self._environment)
        with other:
            other.wait_until_at_work(kind)
            self.submit()
            until(self.is_caught_up, f"{kind} does not work:\n{other.output}")
            until(lambda: self._frozen_between(other, kind), "it is never between two transactions")
            one = Process(kind, *([fate] if fate else []), folder=self._folder, environment=self._environment)
            with one:
                one.wait_until_at_work(kind)
                yield one, other
                other.thaw()
                one.thaw()

    def _frozen_between(self, other: Process, kind: str) -> bool:
        other.freeze()
        if self.open_transactions(kind) == 0:
            return True
        other.thaw()
        return False

    def submit(self) -> UUID:
        """One more upload for the readers."""
        return run_to(self.uploads, submit(self.uploads).id, Stage.GENERATING).id

    def positions(self) -> dict[str, int]:
        """How far the readers are."""
        with self.pool.connection() as connection:
            return dict(connection.execute("SELECT reader, position FROM positions").fetchall())

    def is_caught_up(self) -> bool:
        """Whether every reader that there is has come to the end of the log."""
        return set(self.positions().values()) == {self.event_log.last_position()}

    def rows(self) -> list[tuple[Any, ...]]:
        """The read model."""
        with self.pool.connection() as connection:
            return connection.execute("SELECT to_jsonb(u) FROM uploads u ORDER BY upload_id").fetchall()

    def open_transactions(self, kind: str) -> int:
        """Those of the processes of this kind."""
        with self.pool.connection() as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
                " AND application_name = %s",
                (f"darkroom {kind}",),
            ).fetchone()
        assert row
        return int(row[0])

    def cut_connections(self) -> None:
        """End every session of the processes."""
        with self.pool.connection() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND application_name LIKE 'darkroom %'"
            )


@pytest.fixture
def scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    with open_pool(database_url, 4, "scene") as pool:
        scene = Scene(database_url, valkey_url, tmp_path, pool)
        yield scene
        scene.redis.close()


def assert_caught_up(scene: Scene, seconds: float, process: Process) -> None:
    began = time.monotonic()
    until(scene.is_caught_up, f"no process goes on:\n{process.output}", seconds)
    sys.stderr.write(f"caught up after {time.monotonic() - began:.1f} s\n")


@pytest.mark.parametrize("kind", ["project", "dispatch"])
def test_one_that_is_frozen_between_two_transactions_blocks_no_other(scene: Scene, kind: str) -> None:
    with scene.pair(kind, "page.found=freeze") as (one, other):
        until(lambda: one.is_frozen, f"it does not freeze:\n{one.output}")
        scene.submit()
        other.thaw()
        assert_caught_up(scene, DEATH_SECONDS, other)
        one.thaw()
        scene.submit()
        assert_caught_up(scene, DEATH_SECONDS, one)


@pytest.mark.parametrize(("kind", "point"), [("project", "page.applied"), ("dispatch", "run.sent")])
def test_one_that_is_frozen_in_a_transaction_loses_it_and_the_other_goes_on(
    scene: Scene, kind: str, point: str
) -> None:
    with scene.pair(kind, f"{point}=freeze") as (one, other):
        scene.submit()
        until(lambda: one.is_frozen, f"it does not freeze:\n{one.output}")
        assert scene.open_transactions(kind) > 0
        other.thaw()
        assert_caught_up(scene, FROZEN_SECONDS, other)
        one.thaw()
        other.kill()
        scene.submit()
        assert_caught_up(scene, DEATH_SECONDS, one)
    if kind == "project":
        applied = scene.rows()
        rebuild(scene.event_log, scene.pool)
        assert scene.rows() == applied


@pytest.mark.parametrize(("kind", "point"), [("project", "page.applied"), ("dispatch", "run.sent")])
def test_one_that_is_killed_in_a_transaction_is_followed_by_the_other(scene: Scene, kind: str, point: str) -> None:
    with scene.pair(kind, f"{point}=kill") as (one, other):
        scene.submit()
        assert one.ended(20) == -signal.SIGKILL
        other.thaw()
        assert_caught_up(scene, DEATH_SECONDS, other)


@pytest.mark.parametrize("kind", ["project", "dispatch"])
def test_both_go_on_after_their_connections_are_cut(scene: Scene, kind: str) -> None:
    with scene.pair(kind) as (_, other):
        other.thaw()
        scene.cut_connections()
        scene.submit()
        assert_caught_up(scene, DEATH_SECONDS, other)


@pytest.mark.parametrize(("fate", "seconds"), [("freeze", FROZEN_SECONDS), ("kill", DEATH_SECONDS)])
def test_a_reconciler_that_holds_the_lock_and_dies_or_freezes_is_followed_by_the_other(
    scene: Scene, fate: str, seconds: float
) -> None:
    with scene.pair("project") as (_, projecting), scene.pair("dispatch", f"due.moved={fate}") as (one, other):
        projecting.thaw()
        make_due(scene)
        if fate == "freeze":
            until(lambda: one.is_frozen, f"it does not freeze:\n{one.output}")
            assert scene.open_transactions("dispatch") > 0
        else:
            assert one.ended(20) == -signal.SIGKILL
        scene.redis.flushall()  # all that is in the queue from now on was sent by the other one
        other.thaw()
        until(lambda: scene.redis.llen(QUEUE) > 0, f"no process sends:\n{other.output}", seconds)


def make_due(scene: Scene) -> None:
    """Let a submission stand still that the dispatcher knows already, as if it had done so for long."""
    upload_id = submit(scene.uploads).id
    set_back = "UPDATE uploads SET updated_at = updated_at - interval '1 minute' WHERE upload_id = %s"

    def is_set_back() -> bool:
        with scene.pool.connection() as connection:
            return connection.execute(set_back, (upload_id,)).rowcount == 1

    until(is_set_back, "its row does not come")
