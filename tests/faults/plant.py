"""Darkroom around its workers: a real log, queue and storage, and readers in threads; a test starts the workers.

Every worker is a process of its own, started through tests/failpoints.py, with leases of two seconds.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import TypeVar
from uuid import UUID, uuid4

from redis import Redis

from app.settings.environment import Settings
from app.storage import open_store
from domain.errors import UnavailableError
from domain.events import AttemptFailed, AttemptStarted, PutOff
from domain.events import Event as UploadEvent
from domain.stages import Status
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.follower import Follower
from projections.log.notifications import RedisNotifier, Wakeups
from projections.log.pools import open_pool
from projections.rows.projector import projector
from tests.acceptance.service import clean_environment, darkroom
from tests.fakes.gemini import FakeGemini
from tests.faults.processes import DispatchProcess, WorkerProcess
from tests.photos.variants import stamp
from tests.submissions import hand_in
from tests.waiting import until
from workers.queue.actors import DramatiqQueue
from workers.queue.broker import run_broker
from workers.queue.dispatcher import dispatcher
from workers.queue.leases import Leases
from workers.queue.reconciler import Reconciler

P = TypeVar("P", bound="WorkerProcess")


class Plant:
    """What workers need around them, and the image model that they ask."""

    def __init__(
        self,
        database_url: str,
        redis_url: str,
        folder: Path,
        gemini: FakeGemini,
        stack: ExitStack,
        storage: Mapping[str, str],
        *,
        dispatches: bool,
    ) -> None:
        self.gemini = gemini
        self.pool = open_pool(database_url, 10, "plant")
        self.redis = Redis.from_url(redis_url, socket_timeout=2, socket_connect_timeout=1)
        self.event_log = EventLog(self.pool)
        self._folder = folder
        self._stack = stack
        self._stopping = Event()
        self._settings = {
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "SECRET_KEYS": "a key of these tests that is long enough",
            "DATA_DIR": str(folder),
            "GEMINI_API_KEY": gemini.key,
            "GEMINI_BASE_URL": gemini.url,
            **storage,
        }
        self.blobs = open_store(Settings.from_env(self._settings), lambda key, _: key)
        stack.callback(self.pool.close)
        stack.callback(self.redis.close)
        self.uploads = Uploads(self.event_log, self._open_notifier())
        self._start_projector()
        if dispatches:
            self._start_dispatch()

    def worker(self, *points: str, ready: bool = True, **settings: str) -> WorkerProcess:
        """Start one; it is gone at the end of the test."""
        return self._start(WorkerProcess, points, settings, ready=ready)

    def dispatch(self, *points: str) -> DispatchProcess:
        """Start one, for a plant that has no dispatcher and no reconciler of its own."""
        return self._start(DispatchProcess, points, {}, ready=True)

    def _start(self, kind: type[P], points: Sequence[str], settings: dict[str, str], *, ready: bool) -> P:
        environment = clean_environment(**{**self._settings, **settings})
        process = kind(self._folder / f"{kind.command}-{uuid4().hex}.log", environment, *points)
        self._stack.callback(process.end)
        if ready:
            process.wait_until_ready()
        return process

    def submit(self) -> UUID:
        """Hand in a small photo, as the API would."""
        return hand_in(self.uploads, self.blobs, stamp())

    def upload(self, upload_id: UUID) -> Upload:
        """The upload as the log has it."""
        return self.uploads.get(upload_id)

    def history(self, upload_id: UUID) -> list[UploadEvent]:
        """Its events."""
        return [logged.event for logged in self.event_log.history(upload_id)]

    def actors(self, upload_id: UUID) -> list[str]:
        """Who began each of its attempts."""
        return [event.actor for event in self.history(upload_id) if isinstance(event, AttemptStarted)]

    def objects(self, upload_id: UUID) -> dict[str, bytes]:
        """What the storage holds of it."""
        return {key: self.blobs.get(key) for key in self.blobs.keys(f"{upload_id}/")}

    def is_leased(self, upload_id: UUID) -> bool:
        """Whether a live run holds it."""
        return Leases(self.pool, "no worker").is_held(upload_id)

    def codes(self, upload_id: UUID) -> list[str]:
        """Why it had to wait, each time."""
        return [event.code for event in self.history(upload_id) if isinstance(event, AttemptFailed | PutOff)]

    def waits(self, upload_id: UUID) -> list[float]:
        """In seconds, between the end of each attempt that failed and the time of the next."""
        return [
            (logged.event.retry_at - logged.recorded_at).total_seconds()
            for logged in self.event_log.history(upload_id)
            if isinstance(logged.event, AttemptFailed)
        ]

    def until_ended(self, *upload_ids: UUID, seconds: float = 60) -> list[Status]:
        """Wait for the end of them all; how each one ended."""
        until(lambda: all(map(self._has_ended, upload_ids)), "they do not end", seconds)
        return [self.upload(one).status for one in upload_ids]

    def _has_ended(self, upload_id: UUID) -> bool:
        try:
            return self.upload(upload_id).ended
        except UnavailableError:
            return False  # the log is away, which may be the test

    def assert_verified(self) -> None:
        """Nothing is violated, by the judgement of `darkroom verify`."""
        verified = darkroom("verify", folder=self._folder, **self._settings)
        assert verified.stdout.startswith("0 violations"), verified.stdout + verified.stderr

    def close(self) -> None:
        """Tell the readers to stop."""
        self._stopping.set()

    def _open_notifier(self) -> RedisNotifier:
        notifier = RedisNotifier(self.redis)
        self._stack.callback(notifier.close)
        return notifier

    def _start_projector(self) -> None:
        self._follow(projector(self.event_log, self.pool))

    def _start_dispatch(self) -> None:
        queue = DramatiqQueue(run_broker(self.redis))
        self._follow(dispatcher(self.event_log, self.pool, queue))
        reconciler = Reconciler(self.uploads, self.pool, queue)
        self._run(partial(reconciler.run, self._stopping))
        self._stack.callback(self._stopping.set)

    def _follow(self, follower: Follower) -> None:
        wakeups = Wakeups(self.redis)
        self._run(partial(follower.run, self._stopping, wakeups))
        self._stack.callback(wakeups.close)
        self._stack.callback(self._stopping.set)

    def _run(self, target: Callable[[], object]) -> None:
        thread = Thread(target=target, daemon=True)
        thread.start()
        self._stack.callback(thread.join, 10)


@contextmanager
def running_plant(
    database_url: str,
    redis_url: str,
    folder: Path,
    storage: Mapping[str, str] | None = None,
    *,
    dispatches: bool = True,
) -> Iterator[Plant]:
    """A plant with an image model that answers at once, unless it is told otherwise; its storage is a folder, or so."""
    with FakeGemini() as gemini, ExitStack() as stack:
        yield Plant(database_url, redis_url, folder, gemini, stack, storage or {}, dispatches=dispatches)
