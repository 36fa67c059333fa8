"""The composition root: makes the parts of each process. Its exit stack closes them in the reverse order."""

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from threading import Event
from typing import Final, NamedTuple

from dramatiq import Worker
from eventsourcing.persistence import AggregateRecorder
from litestar import Litestar
from litestar.types import ASGIApp
from redis import Redis

from app.api.application import create_api
from app.api.documentation import written_ahead
from app.api.front.wrapped import wrapped
from app.api.http.services import Services
from app.api.serving.background import listening
from app.limits.limits import open_limits
from app.metrics.exposition import open_metrics
from app.metrics.families import asked_at_scrape
from app.metrics.process import add_gauge, process_registry
from app.metrics.requests import counted
from app.settings.environment import Settings
from app.signing.ended import EndedSessions
from app.signing.links import SignedLinks
from app.signing.sessions import Sessions
from app.storage import open_store
from app.tracing.opening import open_traces
from domain.ports import BlobStore, Clock
from domain.uploads import Uploads
from projections.history.seals import sealer
from projections.log import redis_connection
from projections.log.connections import ANSWER_SECONDS, STATEMENT_SECONDS
from projections.log.event_log import EventLog
from projections.log.follower import Follower, Reader
from projections.log.notifications import PROJECTED, RedisNotifier, Wakeups
from projections.log.pools import Pool, async_pool, open_pool
from projections.log.redis_connection import check_redis
from projections.log.write_probe import check_postgres
from projections.outside.analytics import PollSampler, Sink, analytics
from projections.outside.posthog import open_posthog
from projections.queries.forecast import Forecaster
from projections.queries.status import StatusReader
from projections.queries.watches import Watches
from projections.rows.failure_groups import failure_grouper
from projections.rows.projector import projector
from projections.statistics.registered import PROJECTIONS
from workers.imaging.sandbox import Sandbox
from workers.queue.actors import DramatiqQueue, run_workers
from workers.queue.broker import run_broker
from workers.queue.clock import LogClock
from workers.queue.dispatcher import dispatcher
from workers.queue.lanes import put_behind
from workers.queue.leases import Leases
from workers.queue.reconciler import Reconciler
from workers.runs.calls import Calls
from workers.runs.pipeline import Pipeline
from workers.steps.prompts import CURRENT
from workers.steps.validating import Accepted
from workers.upkeep.bulk_runner import BulkRunner
from workers.upkeep.commands import StaffCommands
from workers.upkeep.erasure import erase
from workers.upkeep.retention import Retention, rules
from workers.upkeep.sweeper import sweeper
from workers.vision.gemini import GeminiModel
from workers.vision.local import LocalModel
from workers.vision.model import ImageModel

POLL_CONNECTIONS: Final = 4  # of the API, beside DATABASE_POOL_SIZE
Upkeep = Callable[[Event], None]  # works until told to stop
LEFT_OUT: Final = "Stages that the ETA leaves out, because a newer version of Darkroom wrote them."


def open_redis(settings: Settings, stack: ExitStack) -> Redis:
    """A Redis client whose every wait has a bound."""
    return redis_connection.open_redis(settings.redis_url or "", stack)


def open_log(
    settings: Settings, process: str, stack: ExitStack, statement_seconds: float = STATEMENT_SECONDS
) -> tuple[EventLog, Pool]:
    """The event log, and the pool that it shares with the rest of the process."""
    pool = open_pool(settings.database_url or "", settings.database_pool_size, f"darkroom {process}", statement_seconds)
    stack.callback(pool.close)
    return EventLog(pool), pool


def open_uploads(recorder: AggregateRecorder, redis: Redis, stack: ExitStack) -> Uploads:
    """The application, which notifies the readers of the log after every append."""
    notifier = RedisNotifier(redis)
    stack.callback(notifier.close)
    return Uploads(recorder, notifier)


def open_blobs(settings: Settings) -> BlobStore:
    """The object storage that the settings name."""
    return open_store(settings, SignedLinks(settings.secret_keys).sign)


def open_model(settings: Settings, sandbox: Sandbox, clock: Clock, stack: ExitStack) -> ImageModel:
    """Gemini with a key, the local renderer without."""
    if settings.gemini_api_key is None:
        return LocalModel(sandbox)
    model = GeminiModel(
        settings.gemini_api_key,
        settings.gemini_model,
        base_url=settings.gemini_base_url,
        timeout_s=settings.gemini_timeout_seconds,
        clock=clock,
    )
    stack.callback(model.close)
    return model


def open_api(settings: Settings, stack: ExitStack, stopping: asyncio.Event) -> ASGIApp:
    """The application of `darkroom serve`. Its pool for polls and its watches live on the server's event loop."""
    redis = open_redis(settings, stack)
    event_log, pool = open_log(settings, "serve", stack, ANSWER_SECONDS)
    traces = open_traces(settings, "serve", stack)
    # Polls share their queries, so a few connections beside the log's are enough.
    poll_pool = async_pool(settings.database_url or "", POLL_CONNECTIONS, "darkroom poll")
    blobs = traces.storage(open_blobs(settings))
    registry = process_registry("serve", {"log": pool, "polls": poll_pool})

    watches, reader, ended = Watches(), StatusReader(poll_pool), EndedSessions(pool)

    @asynccontextmanager
    async def polls(_: Litestar) -> AsyncIterator[None]:
        async with poll_pool, ended.followed(reader), listening(watches, redis, stopping):
            yield

    forecaster = Forecaster(reader)
    add_gauge(registry, "forecast_stages_left_out", LEFT_OUT, lambda: forecaster.left_out)
    services = Services(
        settings=settings,
        uploads=open_uploads(traces.log(event_log), redis, stack),
        pool=pool,
        history=event_log.history,
        reader=reader,
        forecaster=forecaster,
        watches=watches,
        blobs=blobs,
        sessions=Sessions(settings.secret_keys, timedelta(days=settings.session_days), ended, ended.end_later),
        end_session=ended.end,
        put_behind=partial(put_behind, redis),
        links=SignedLinks(settings.secret_keys),
        limits=open_limits(settings, stack),
        checks={"postgres": partial(check_postgres, pool), "redis": partial(check_redis, redis), "storage": blobs.ping},
        analytics=PollSampler(open_sink(settings, stack)),
        registry=registry,
        figures=asked_at_scrape(pool, redis, settings.paid_calls_per_hour),
        prompt_version=CURRENT,
    )
    return traces.requests(counted(wrapped(create_api(services, [polls, written_ahead]), settings), registry))


class WorkerParts(NamedTuple):
    """The parts of `darkroom work`: the pipeline, its leases, and the threads that take runs from the queue."""

    pipeline: Pipeline
    leases: Leases
    model: ImageModel
    workers: list[Worker]


def open_worker(settings: Settings, stack: ExitStack) -> WorkerParts:
    """The parts of a worker process. Its name is in its leases and events."""
    name = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    redis = open_redis(settings, stack)
    event_log, pool = open_log(settings, "work", stack)
    traces = open_traces(settings, "work", stack)
    broker = run_broker(redis)
    open_metrics(settings, "work", pool, stack, broker)
    sandbox, clock = Sandbox(must_confine=settings.unconfined_images == "refuse"), LogClock(pool)
    stack.callback(sandbox.close)
    model = traces.model(open_model(settings, sandbox, clock, stack))
    leases = Leases(pool, name)
    accepted = Accepted(max_pixels=settings.max_pixels)
    # The local renderer costs nothing and is always available, so it has no budget and no breaker.
    calls = Calls(pool, model.name, settings.paid_calls_per_hour) if settings.gemini_api_key else None
    blobs = traces.storage(open_blobs(settings))
    stages = traces.stages(blobs=blobs, model=model, sandbox=sandbox, accepted=accepted, calls=calls)
    pipeline = Pipeline(
        uploads=open_uploads(traces.log(event_log), redis, stack),
        stages=stages,
        leases=leases,
        clock=clock,
        worker=name,
        max_runs=settings.worker_threads,
        queue=traces.queue(DramatiqQueue(broker)),
    )
    workers = run_workers(broker, traces.run(pipeline.run), sandbox.slots, settings.worker_threads)
    return WorkerParts(pipeline, leases, model, workers)


def open_erasure(settings: Settings, stack: ExitStack) -> Callable[..., int]:
    """The function behind `darkroom erase`."""
    uploads = open_uploads(open_log(settings, "erase", stack)[0], open_redis(settings, stack), stack)
    return partial(erase, uploads, open_blobs(settings))


def open_readers(settings: Settings, stack: ExitStack) -> list[Reader]:
    """The readers of `darkroom project`: projections, groups of failures, seals and, with a key, that for PostHog."""
    event_log, pool = open_log(settings, "project", stack)
    open_metrics(settings, "project", pool, stack)
    notifier = RedisNotifier(open_redis(settings, stack), PROJECTED)
    stack.callback(notifier.close)
    followers = [projector(event_log, pool, notifier.notify), failure_grouper(event_log, pool), sealer(event_log, pool)]
    followers += [projection.follower(event_log, pool) for projection in PROJECTIONS]
    if settings.posthog_api_key:
        followers.append(analytics(event_log, pool, open_sink(settings, stack)))
    return with_wakeups(followers, settings, stack)


def open_dispatch(settings: Settings, stack: ExitStack) -> tuple[list[Reader], dict[str, Upkeep]]:
    """The parts of `darkroom dispatch`: dispatcher and sweeper; reconciler, retention and runner of bulk actions."""
    redis = open_redis(settings, stack)
    event_log, pool = open_log(settings, "dispatch", stack)
    open_metrics(settings, "dispatch", pool, stack)
    queue = open_traces(settings, "dispatch", stack).queue(DramatiqQueue(run_broker(redis)))
    uploads, blobs = open_uploads(event_log, redis, stack), open_blobs(settings)
    followers = [dispatcher(event_log, pool, queue), sweeper(event_log, pool, blobs)]
    days = (settings.retain_originals_days, settings.retain_results_days, settings.retain_failed_days)
    upkeep: dict[str, Upkeep] = {
        "reconciler": Reconciler(uploads, pool, queue).run,
        "retention": Retention(uploads, pool, rules(*days)).run,
        "bulk": BulkRunner(pool, StaffCommands(uploads, blobs, pool)).run,
    }
    return with_wakeups(followers, settings, stack), upkeep


def open_sink(settings: Settings, stack: ExitStack) -> Sink:
    """PostHog with a key. Without one nothing is sent and no client is made."""
    sink = open_posthog(settings.posthog_api_key, settings.posthog_host)
    stack.callback(sink.close)
    return sink


def with_wakeups(followers: Sequence[Follower], settings: Settings, stack: ExitStack) -> list[Reader]:
    """The readers of a process, over one subscription, on a connection of its own."""
    wakeups = Wakeups(open_redis(settings, stack))
    stack.callback(wakeups.close)
    return [Reader(follower, wakeups.beside(follower.concerns)) for follower in followers]
