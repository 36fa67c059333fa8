"""A serving process, the uploads that it serves, and clients that wait for them."""

import json
import ssl
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx
from msgspec import Struct
from redis import Redis

from app.signing.sessions import Session, Sessions
from domain.stages import Stage
from domain.upload import Upload
from projections.log.notifications import PROJECTED, RedisNotifier
from projections.rows.projector import projector
from tests.api_services import KEYS
from tests.integration.api.serving import Server, running
from tests.lives import Lives
from tests.submissions import WORKER
from tests.waiting import until

AT_ONCE: Final = 20.0
"""Less than a held request waits for its time to end."""
NEVER: Final = 600.0
"""In seconds: a held request does not look by itself within its time, so that a test sees what woke it."""
WAIT: Final = {"Prefer": "wait=30"}
TRUST: Final = ssl.create_default_context()
"""Made once: it takes longer than a poll."""


class Scene(Struct):
    """A serving process, the uploads that it serves, and a projector that is run by hand."""

    server: Server
    lives: Lives
    notifier: RedisNotifier
    owner: Session
    threads: ThreadPoolExecutor

    def submitted(self) -> UUID:
        """An upload of the owner's, with its row."""
        upload_id = self.lives.submitted(session_hash=self.owner.hash)
        self.project()
        return upload_id

    def project(self) -> None:
        """Bring the rows up to date, and notify."""
        projector(self.lives.log, self.lives.pool, self.notifier.notify).catch_up()

    def advance(self, upload_id: UUID, progress: int) -> None:
        """One more step while the picture is made."""
        self.lives.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, progress, attempt=1, by=WORKER)
        self.project()

    def url(self, upload_id: UUID) -> str:
        """Where its status is."""
        return f"{self.server.url}/api/status/{upload_id}"

    def headers(self, **headers: str) -> dict[str, str]:
        """The owner's."""
        return {"X-Session-Token": self.owner.token, **{n.replace("_", "-"): v for n, v in headers.items()}}

    def poll(self, upload_id: UUID, **headers: str) -> httpx.Response:
        """Ask, perhaps for a while."""
        return httpx.get(self.url(upload_id), headers=self.headers(**headers), timeout=40, verify=TRUST)

    def held(self, upload_id: UUID, tag: str, **headers: str) -> "Future[httpx.Response]":
        """A poll that waits; it is held when this returns."""
        return self.all_held(upload_id, tag, 1, **headers)[0]

    def all_held(self, upload_id: UUID, tag: str, polls: int, **headers: str) -> "list[Future[httpx.Response]]":
        """So many polls that wait; they are held when this returns."""
        before = self.connections()
        ask = partial(self.poll, upload_id, If_None_Match=tag, **{**WAIT, **headers})
        answers = [self.threads.submit(ask) for _ in range(polls)]
        until(lambda: self.connections() >= before + polls, "no poll is held")
        self.poll(upload_id)  # answered after those that were sent before it
        return answers

    def connections(self) -> int:
        """How many clients the process has."""
        port = f"{self.server.port:04X}"
        lines = Path(f"/proc/{self.server.process.pid}/net/tcp").read_text().splitlines()[1:]
        return sum(line.split()[1].endswith(f":{port}") and line.split()[3] == "01" for line in lines)

    @contextmanager
    def stream(self, upload_id: UUID, **headers: str) -> Iterator["Stream"]:
        """Follow an upload."""
        url = f"{self.url(upload_id)}/stream"
        with httpx.stream("GET", url, headers=self.headers(**headers), timeout=40, verify=TRUST) as response:
            yield Stream(response)


class Stream:
    """The events of a stream, one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def event(self) -> tuple[str, dict[str, Any]]:
        """The id and the body of the next event."""
        found: dict[str, str] = {}
        for line in self._lines:
            if not line and "data" in found:
                return found["id"], json.loads(found["data"])
            name, _, value = line.partition(": ")
            found[name] = value
        raise EOFError

    def rest(self) -> list[str]:
        """What else comes until the end."""
        return [line for line in self._lines if line]


@contextmanager
def running_scene(
    database_url: str, folder: Path, redis_url: str, servers_redis_url: str, recheck_seconds: float
) -> Iterator[Scene]:
    """One scene."""
    with ExitStack() as stack:
        lives = stack.enter_context(Lives(database_url, folder))
        notifier = RedisNotifier(stack.enter_context(Redis.from_url(redis_url, socket_timeout=2)), PROJECTED)
        stack.callback(notifier.close)
        threads = stack.enter_context(ThreadPoolExecutor(40))
        server = stack.enter_context(
            running(database_url, folder, redis_url=servers_redis_url, recheck_seconds=recheck_seconds)
        )
        yield Scene(server, lives, notifier, Sessions(KEYS).new(), threads)
