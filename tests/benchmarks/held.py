"""Clients that wait, many on one process: what each costs in memory, and how long a step takes to reach them.

Half are held polls, half streams, spread over some uploads; a step of one is appended, the projector brings it into its
row and notifies, and every client that waits is told.
"""

import asyncio
import resource
import time
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Event, Thread
from typing import Final, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from redis import Redis

from app.signing.sessions import Session
from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.notifications import PROJECTED, RedisNotifier, Wakeups
from projections.log.pools import open_pool
from projections.rows.projector import projector
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Figures
from tests.benchmarks.lives import WORKER
from tests.benchmarks.served import Served, darkroom, memory_kb
from tests.servers import open_folder

SETTLING_SECONDS: Final = 2
"""Until the last one that came is held."""
AT_ONCE: Final = 100
"""So many connect at a time."""


class Client(NamedTuple):
    """One who waits for an upload, by a stream or by a poll that is held."""

    upload_id: UUID
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def told(self) -> float:
        """When it was told of a step."""
        await self.reader.readuntil(b'"success":true')
        return time.monotonic()


class Crowd:
    """Those who wait. Each round has a server process of its own: memory that was once taken is not given back."""

    def __init__(self, bench: Bench, database_url: str, owner: Session, ids: Sequence[UUID], count: int) -> None:
        self._redis_url = bench.redis_url
        self._database_url = database_url
        self._owner = owner
        self._ids = ids
        self._count = count
        self._progress = 30

    def measure(self) -> Figures:
        """Let them all come, and make one step."""
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        with ExitStack() as stack:
            pool = stack.enter_context(open_pool(self._database_url, 4, "bench"))
            redis = stack.enter_context(Redis.from_url(self._redis_url))
            appended, projected = RedisNotifier(redis), RedisNotifier(redis, PROJECTED)
            wakeups, stopping, log = Wakeups(redis), Event(), EventLog(pool)
            thread = Thread(target=projector(log, pool, projected.notify).run, args=(stopping, wakeups))
            thread.start()
            for close in (projected.close, appended.close, thread.join, wakeups.close, stopping.set):
                stack.callback(close)
            folder = stack.enter_context(open_folder())
            # As behind a proxy: one address may hold all connections.
            proxied = darkroom(self._database_url, self._redis_url, folder, TRUSTED_PROXIES="127.0.0.1")
            server = stack.enter_context(proxied)
            return asyncio.run(self._wait(server, Uploads(log, appended)))

    async def _wait(self, server: Served, uploads: Uploads) -> Figures:
        self._progress += 1
        answers = [await asyncio.to_thread(server.status, each, self._owner.token) for each in self._ids]
        before = memory_kb(server.pid)
        clients: list[Client] = []
        for begin in range(0, self._count, AT_ONCE):
            numbers = range(begin, min(begin + AT_ONCE, self._count))
            clients += await asyncio.gather(*(self._come(server, number, answers) for number in numbers))
        await asyncio.sleep(SETTLING_SECONDS)
        each = (memory_kb(server.pid) - before) / self._count
        took = await self._step(uploads, [client for client in clients if client.upload_id == self._ids[0]])
        for client in clients:
            client.writer.close()
        return {"KB each": each, "ms to the first": took[0], "ms to the last": took[-1]}

    async def _come(self, server: Served, number: int, answers: Sequence[httpx.Response]) -> Client:
        index = number // 2 % len(self._ids)
        upload_id, url = self._ids[index], urlsplit(server.url)
        reader, writer = await asyncio.open_connection(url.hostname, url.port)
        path, how = f"/api/status/{upload_id}", f"If-None-Match: {answers[index].headers['ETag']}\r\nPrefer: wait=30"
        if number % 2:
            path, how = f"{path}/stream", f"Last-Event-ID: {answers[index].json()['version']}"
        head = f"GET {path} HTTP/1.1\r\nHost: {url.netloc}\r\nX-Session-Token: {self._owner.token}\r\n{how}\r\n\r\n"
        writer.write(head.encode())
        return Client(upload_id, reader, writer)

    async def _step(self, uploads: Uploads, clients: Sequence[Client]) -> list[float]:
        """One step of the first upload; how many milliseconds after its append began each of its clients was told."""
        told = [asyncio.create_task(client.told()) for client in clients]
        began = time.monotonic()

        def append() -> None:
            uploads.execute(self._ids[0], Upload.advance, Stage.GENERATING, self._progress, attempt=1, by=WORKER)

        await asyncio.to_thread(append)
        return sorted(1000 * (at - began) for at in await asyncio.gather(*told))
