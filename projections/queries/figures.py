"""The metrics of the service that are read from the log and the tables. Knows no monitoring system.

Every query is bounded, so that a scrape costs the same after years. Queries of the log read the last hour, or the last
WINDOW events if those are fewer; queries of `uploads` read only rows that have not ended. Fields of events are read as
text, so that an unreadable event hides no metric.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from psycopg_pool import ConnectionPool

from domain.errors import LogUnavailableError
from projections.log.connections import ANSWER_SECONDS, translated

WINDOW: Final = 20_000
"""The most events in the window: about 1,500 uploads, and 0.3 s on two busy cores."""
STANDSTILL_SECONDS: Final = 60
"""How long an upload may be due before it counts as standing still."""
READ_SECONDS: Final = ANSWER_SECONDS
CONNECTION_SECONDS: Final = 1.0

# The planner expects long queries, and compiling them would take longer than running them.
LIMITS: Final = f"SET LOCAL statement_timeout = {READ_SECONDS * 1000:.0f}; SET LOCAL jit = off"
# An empty window starts at the largest bigint, so every later query returns no rows.
SELECT_SINCE: Final = """
SELECT coalesce(min(position), 9223372036854775807),
       coalesce(extract(epoch FROM clock_timestamp() - min(recorded_at)), 0)::float
FROM event_log
WHERE position > (SELECT coalesce(max(position), 0) FROM event_log) - %(window)s
  AND recorded_at > clock_timestamp() - interval '1 hour'
"""
SELECT_LOG: Final = """
SELECT (SELECT coalesce(max(position), 0) FROM event_log), count(*) FROM event_log
WHERE name = 'upload.submitted' AND position >= %(since)s
"""
SELECT_READERS: Final = """
SELECT r.reader, greatest(e.last - coalesce(p.position, 0), 0),
       coalesce(extract(epoch FROM clock_timestamp() - next.recorded_at), 0)::float
FROM (SELECT 'projector' AS reader UNION SELECT 'dispatcher' UNION SELECT reader FROM positions) r
LEFT JOIN positions p USING (reader)
CROSS JOIN (SELECT coalesce(max(position), 0) AS last FROM event_log) e
LEFT JOIN LATERAL (SELECT recorded_at FROM event_log WHERE position > coalesce(p.position, 0)
                   ORDER BY position LIMIT 1) next ON true
"""
SELECT_OPEN: Final = """
SELECT status, coalesce(stage, 'none'), running::text, count(*) FROM uploads
WHERE status IN ('pending', 'processing') AND version > 0 GROUP BY status, stage, running
"""
SELECT_STANDSTILL: Final = """
SELECT count(*) FILTER (WHERE due_since < clock_timestamp() - make_interval(secs => %(standstill)s)
                           -- The clock has stepped back, so nothing tells for how long it has been due.
                           OR due_since > clock_timestamp() + interval '10 seconds'),
       coalesce(greatest(extract(epoch FROM clock_timestamp() - min(due_since)), 0), 0)::float
FROM due_uploads
"""
SELECT_PENDING: Final = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float FROM uploads
WHERE status = 'pending' AND version > 0
"""
SELECT_QUARANTINED: Final = "SELECT count(*) FROM quarantine"
SELECT_STOPPED: Final = "SELECT reader, count(*) FROM stopped_uploads GROUP BY reader"
SELECT_TROUBLES: Final = """
SELECT coalesce(state ->> 'code', 'unknown'), count(*) FROM event_log
WHERE name IN ('upload.attempt-failed', 'upload.put-off') AND position >= %(since)s GROUP BY 1
"""
SELECT_FAILURES: Final = """
SELECT coalesce(state ->> 'code', 'unknown'), count(*) FROM event_log
WHERE name = 'upload.failed' AND position >= %(since)s GROUP BY 1
"""
# What an event ends: the work since the event before it, of the same upload.
SELECT_STAGES: Final = """
WITH steps AS (
    SELECT upload_id, state ->> 'attempt' AS attempt,
           CASE WHEN name = 'upload.result-stored' OR state ->> 'stage' IN ('storing', 'watermarking') THEN 'storing'
                WHEN name = 'upload.preview-stored' OR state ->> 'stage' = 'complete' THEN 'watermarking'
                WHEN state ->> 'progress' = '30' THEN 'validating'
                WHEN state ->> 'stage' = 'generating' THEN 'generating' END AS stage,
           recorded_at - lag(recorded_at) OVER (PARTITION BY upload_id ORDER BY version) AS took
    FROM event_log WHERE position >= %(since)s
      AND name IN ('upload.submitted', 'upload.attempt-started', 'upload.stage-advanced', 'upload.result-stored',
                   'upload.preview-stored')
), runs AS (
    SELECT stage, extract(epoch FROM sum(took))::float AS seconds FROM steps
    WHERE stage IS NOT NULL AND took IS NOT NULL GROUP BY upload_id, attempt, stage
)
SELECT stage, count(*), percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds),
       percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds), max(seconds)
FROM runs GROUP BY stage
"""
SELECT_COMPLETED: Final = """
SELECT count(*), coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0),
       coalesce(percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds), 0), coalesce(max(seconds), 0)
FROM (SELECT extract(epoch FROM e.recorded_at - first.recorded_at)::float AS seconds
      FROM event_log e JOIN event_log first ON first.upload_id = e.upload_id AND first.version = 1
      WHERE e.name = 'upload.stage-advanced' AND e.position >= %(since)s AND e.state ->> 'stage' = 'complete') ended
"""
SELECT_CALLS: Final = """
SELECT model, count(*) FROM generation_calls WHERE called_at > clock_timestamp() - interval '1 hour' GROUP BY model
"""
SELECT_MODELS: Final = """
SELECT model, coalesce(extract(epoch FROM clock_timestamp() - down_since), 0)::float FROM image_models
"""
SELECT_LEASES: Final = """
SELECT count(*), count(DISTINCT worker), (SELECT count(*) FROM leases WHERE expires_at <= clock_timestamp())
FROM live_leases
"""


class Gauge(NamedTuple):
    """One metric, with one value for each combination of label values."""

    name: str
    purpose: str
    labels: tuple[str, ...] = ()


class Question(NamedTuple):
    """A query. Its columns are the labels, which all its gauges share, and then one value for each gauge."""

    query: str
    gauges: tuple[Gauge, ...]


class Sample(NamedTuple):
    """A value of a gauge."""

    gauge: Gauge
    labels: tuple[str, ...]
    value: float


def _quantiles(labels: tuple[str, ...], what: str, name: str) -> tuple[Gauge, ...]:
    return (
        Gauge(f"{name}_seconds_median", f"{what}: the median of the window.", labels),
        Gauge(f"{name}_seconds_p95", f"{what}: the 95th percentile of the window.", labels),
        Gauge(f"{name}_seconds_max", f"{what}: the longest of the window.", labels),
    )


WINDOW_SECONDS: Final = Gauge("window_seconds", "The length of the window: an hour, or less.")
QUESTIONS: Final = (
    Question(
        SELECT_LOG,
        (
            Gauge("log_position", "The last position of the event log."),
            Gauge("uploads_submitted", "Submissions within the window."),
        ),
    ),
    Question(
        SELECT_READERS,
        (
            Gauge("reader_lag_events", "Positions of the log that a reader has not handled.", ("reader",)),
            Gauge("reader_lag_seconds", "The age of the first event that a reader has not handled.", ("reader",)),
        ),
    ),
    Question(
        SELECT_OPEN,
        (
            Gauge(
                "uploads_open",
                "Uploads that have not ended; running: an attempt is running.",
                ("status", "stage", "running"),
            ),
        ),
    ),
    Question(
        SELECT_STANDSTILL,
        (
            Gauge("uploads_standing_still", f"Uploads due for over {STANDSTILL_SECONDS} s that no live run holds."),
            Gauge("uploads_oldest_due_seconds", "How long the upload that has been due longest has been due."),
        ),
    ),
    Question(SELECT_PENDING, (Gauge("uploads_oldest_pending_seconds", "The age of the oldest pending upload."),)),
    Question(SELECT_QUARANTINED, (Gauge("uploads_quarantined", "Uploads whose row has stopped at an event."),)),
    Question(
        SELECT_STOPPED,
        (Gauge("uploads_stopped", "Uploads that a projection of its own leaves out from an event on.", ("reader",)),),
    ),
    Question(
        SELECT_TROUBLES,
        (Gauge("attempts_put_back", "Attempts within the window that have to be repeated, by cause.", ("code",)),),
    ),
    Question(SELECT_FAILURES, (Gauge("uploads_failed", "Uploads that failed within the window.", ("code",)),)),
    Question(
        SELECT_STAGES,
        (
            Gauge("stage_runs", "How often a stage was run within the window.", ("stage",)),
            *_quantiles(("stage",), "The duration of a stage", "stage"),
        ),
    ),
    Question(
        SELECT_COMPLETED,
        (
            Gauge("uploads_completed", "Uploads that completed within the window."),
            *_quantiles((), "The time from submission to completion", "upload"),
        ),
    ),
    Question(SELECT_CALLS, (Gauge("paid_calls", "Paid calls of the image model within an hour.", ("model",)),)),
    Question(
        SELECT_MODELS,
        (Gauge("image_model_down_seconds", "How long the breaker has been open; 0 if closed.", ("model",)),),
    ),
    Question(
        SELECT_LEASES,
        (
            Gauge("leases_live", "Uploads that a live run holds."),
            Gauge("workers_running", "Worker processes that hold a live lease; an idle one holds none."),
            Gauge("leases_expired", "Leases that were not renewed in time, and that no run has taken since."),
        ),
    ),
)


def gauges() -> Iterator[Gauge]:
    """All gauges, including those without a value at present."""
    yield WINDOW_SECONDS
    for question in QUESTIONS:
        yield from question.gauges


def read_samples(pool: ConnectionPool[psycopg.Connection[Any]]) -> list[Sample]:
    """The current samples, within a few seconds. Raises LogUnavailableError."""
    deadline = time.monotonic() + READ_SECONDS
    with translated(), pool.connection(CONNECTION_SECONDS) as connection, connection.transaction():
        connection.execute(LIMITS)
        parameters: dict[str, object] = {"window": WINDOW, "standstill": STANDSTILL_SECONDS}
        since, seconds = connection.execute(SELECT_SINCE, parameters).fetchone() or (0, 0)
        parameters["since"] = since
        samples = [Sample(WINDOW_SECONDS, (), seconds)]
        for question in QUESTIONS:
            if time.monotonic() > deadline:
                raise LogUnavailableError("The event log is too slow to be asked for figures.")
            samples += _samples(question, connection.execute(question.query.encode(), parameters).fetchall())
    return samples


def _samples(question: Question, rows: Sequence[tuple[Any, ...]]) -> Iterator[Sample]:
    for row in rows:
        for column, gauge in enumerate(question.gauges, start=len(question.gauges[0].labels)):
            yield Sample(gauge, row[: len(gauge.labels)], float(row[column]))
