"""Bounds: how long each library really waits for a server that is silent, beside the bound that we set for it.

A bound of a library counts once it was measured: Dramatiq's wait for its threads turned out to be a third of the one
that was asked for. A silent server accepts connections and never answers, a full one accepts none; PostgreSQL is frozen
instead where a statement is meant. The API's own server is asked by a silent client.
"""

import asyncio
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from typing import Final
from unittest.mock import patch
from uuid import uuid4

import dramatiq
import psycopg
from dramatiq.brokers.stub import StubBroker
from eventsourcing.persistence import PersistenceError
from psycopg_pool import PoolTimeout
from redis.exceptions import RedisError

from app.api.serving.server import HEADERS_MILLISECONDS, LAST_SECONDS
from app.settings.environment import Settings
from app.storage import s3
from app.tracing import provider
from domain.errors import DarkroomError
from projections.log import redis_connection
from projections.log.connections import ANSWER_SECONDS, CONNECT_SECONDS, STATEMENT_SECONDS, translated
from projections.log.pools import POOL_SECONDS, Pool, async_pool, open_pool
from projections.outside import posthog
from projections.outside.analytics import Capture
from tests.benchmarks import idle
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Target
from tests.linux_processes import frozen
from workers.errors import StepError
from workers.vision.gemini import GeminiModel

GEMINI_SECONDS: Final = 5
HEADER_SECONDS: Final = 2.0
STOP_SECONDS: Final = 2.0
STATEMENT_TEST_SECONDS: Final = 2.0
THREADS: Final = 8
DRAMATIQ_SECONDS: Final = 4.0
THREAD_SECONDS: Final = 0.45
EXCESS: Final = 1.25
"""What a wait may take of its bound: thread switches and the driver's own polling come on top."""


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """One case a library."""
    with ExitStack() as stack:
        silent, full = stack.enter_context(_silent_server()), stack.enter_context(_full_server())
        url = f"http://127.0.0.1:{silent}"
        port, server = stack.enter_context(idle.serving(HEADER_SECONDS, STOP_SECONDS))
        pool = stack.enter_context(open_pool(bench.postgres_url, 1, "bench", STATEMENT_TEST_SECONDS))
        pool.wait()  # or its first connection would be measured too
        bench.rounds, gemini_seconds = 1, bench.sized(GEMINI_SECONDS, 1)
        model = GeminiModel("key", "model", base_url=url, timeout_s=gemini_seconds)
        model.prepare()  # or the import of the SDK would be measured too
        found = [
            _case("redis: to connect", redis_connection.CONNECT_SECONDS, lambda: _redis(full)),
            _case("redis: a command", redis_connection.COMMAND_SECONDS, lambda: _redis(silent)),
            _case("psycopg: to connect", CONNECT_SECONDS, lambda: _connection(silent)),
            _case("psycopg's pool for polls: a connection", ANSWER_SECONDS, lambda: asyncio.run(_async_pool(silent))),
            _case("psycopg's pool: a connection", POOL_SECONDS, lambda: _pool(silent)),
            _case("psycopg: a statement", STATEMENT_TEST_SECONDS + 0.25, lambda: _statement(pool)),
            _case("google-genai: a call", gemini_seconds, lambda: _gemini(model)),
            _case("posthog: a delivery", posthog.DELIVERY_SECONDS, lambda: _posthog(url)),
            _case("opentelemetry: a stop", provider.FLUSH_SECONDS, lambda: _traces(url)),
            _case("granian: an unfinished head", HEADER_SECONDS, lambda: idle.unfinished_head(port)),
            _case("granian: an idle connection", HEADER_SECONDS, lambda: idle.idle_connection(port)),
            _case("granian: a stop", STOP_SECONDS + LAST_SECONDS, lambda: idle.stop(port, server)),
            _dramatiq_case(),
        ]
        if not bench.quick:
            found.append(_case("boto3: a put, two tries", 2 * s3.SILENCE_SECONDS, lambda: _boto3(url)))
        bench.note(
            f"In service, granian has {HEADERS_MILLISECONDS / 1000:g} s for a head and an idle connection,"
            f" psycopg {STATEMENT_SECONDS:g} s for a statement."
        )
        yield found


def _case(name: str, bound: float, wait: Callable[[], object]) -> Case:
    ours = Contender("measured", "ours", lambda: {"seconds": _seconds(wait)})
    limit = Contender("bound", "limit", lambda: {"seconds": bound})
    return Case(name, (ours, limit), (Target(figure="seconds", over=("bound",), at_most=EXCESS),))


def _seconds(wait: Callable[[], object]) -> float:
    began = time.monotonic()
    with suppress(DarkroomError, StepError, RedisError, PersistenceError, psycopg.Error, PoolTimeout):
        wait()
    return time.monotonic() - began


@contextmanager
def _silent_server() -> Iterator[int]:
    """The port of a server that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as server:
        yield server.getsockname()[1]


@contextmanager
def _full_server() -> Iterator[int]:
    """The port of a server whose queue of connections is full, so that no other one comes about."""
    with ExitStack() as stack:
        server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        stack.enter_context(socket.create_connection(server.getsockname()))
        yield server.getsockname()[1]


def _connection(port: int) -> None:
    psycopg.connect(f"postgresql://x@127.0.0.1:{port}/x", connect_timeout=CONNECT_SECONDS).close()


async def _async_pool(port: int) -> None:
    pool = async_pool(f"postgresql://x@127.0.0.1:{port}/x", 1, "bench")
    await pool.open()
    try:
        await pool.getconn()
    finally:
        await pool.close(0)


def _traces(url: str) -> None:
    with ExitStack() as stack:
        with patch.dict(os.environ, OTEL_EXPORTER_OTLP_ENDPOINT=url):
            opened = provider.open_provider("bench", "darkroom", stack)
        opened.get_tracer("bench").start_span("bench").end()


def _redis(port: int) -> None:
    with ExitStack() as stack:
        redis_connection.open_redis(f"redis://127.0.0.1:{port}/0", stack).ping()


def _pool(port: int) -> None:
    with translated(), open_pool(f"postgresql://x@127.0.0.1:{port}/x", 1, "bench") as pool, pool.connection():
        pass


def _statement(pool: Pool) -> None:
    with translated(), pool.connection() as connection, frozen(connection.info.backend_pid):
        connection.execute("SELECT 1")


def _gemini(model: GeminiModel) -> None:
    model.generate(b"\xff\xd8\xff", "prompt")


def _posthog(url: str) -> None:
    client = posthog.PostHog("key", url)
    client.deliver(
        [Capture(name="status_complete", upload_id=uuid4(), properties={}, id=uuid4(), at=datetime.now(UTC))]
    )


def _boto3(url: str) -> None:
    settings = Settings(
        s3_endpoint_url=url, s3_bucket="bucket", aws_access_key_id="key", aws_secret_access_key="secret"
    )
    s3.S3Store(s3.s3_client(settings), "bucket").put("a/b", BytesIO(b"photo"), "image/jpeg")


def _dramatiq_case() -> Case:
    """Eight threads that all end within the bound, one after the other: a stop must wait for the last one."""
    ours = Contender("measured", "ours", lambda: {"seconds": _dramatiq()})
    last = Contender("the last thread's end", "limit", lambda: {"seconds": THREAD_SECONDS * THREADS})
    target = Target(figure="seconds", over=("the last thread's end",), at_least=0.95)
    return Case(f"dramatiq: a stop within {DRAMATIQ_SECONDS:g} s", (ours, last), (target,))


def _dramatiq() -> float:
    broker = StubBroker()
    broker.declare_actor(
        dramatiq.Actor(time.sleep, broker=broker, actor_name="sleep", queue_name="runs", priority=0, options={})
    )
    worker = dramatiq.Worker(broker, worker_timeout=100, worker_threads=THREADS)
    for number in range(THREADS):
        broker.enqueue(dramatiq.Message("runs", "sleep", (THREAD_SECONDS * (number + 1),), {}, {}))
    began = time.monotonic()
    worker.start()
    worker.stop(timeout=int(DRAMATIQ_SECONDS * 1000))
    return time.monotonic() - began
