"""How the service is doing, in figures: what the log and the tables tell whoever watches. Knows nobody who does.

Every question is bounded. What looks back reads the last hour of the log, or its last WINDOW events where those are
fewer; what is asked of `uploads` reads its open rows alone. So a scrape costs the same after years. Facts of events are
taken as text: one that cannot be read hides no figure.
"""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import psycopg
from psycopg_pool import ConnectionPool

from domain.errors import LogUnavailableError
from projections.log.connections import ANSWER_SECONDS, translated

WINDOW: Final = 20_000
"""Events that are looked back on at most: some 1,500 uploads, and 0.3 s on two busy cores."""
STANDSTILL_SECONDS: Final = 60
"""How long an upload may be due before it counts as one that stands still."""
READ_SECONDS: Final = ANSWER_SECONDS
CONNECTION_SECONDS: Final = 1.0

# The planner takes these for long queries, and would compile them for longer than they run.
LIMITS: Final = f"SET LOCAL statement_timeout = {READ_SECONDS * 1000:.0f}; SET LOCAL jit = off"
# Without an event in the window nothing is in it: no position comes after the highest that there can be.
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
SELECT count(*) FILTER (WHERE due_since < clock_timestamp() - make_interval(secs => %(standstill)s)),
       coalesce(extract(epoch FROM clock_timestamp() - min(due_since)), 0)::float
FROM due_uploads
"""
SELECT_PENDING: Final = """
SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float FROM uploads
WHERE status = 'pending' AND version > 0
"""
SELECT_QUARANTINED: Final = "SELECT count(*) FROM quarantine"
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
SELECT count(*) FILTER (WHERE expires_at > clock_timestamp()),
       count(DISTINCT worker) FILTER (WHERE expires_at > clock_timestamp()),
       count(*) FILTER (WHERE expires_at <= clock_timestamp()) FROM leases
"""


class Gauge(NamedTuple):
    """One figure, or one for each of its labels' values."""

    name: str
    purpose: str
    labels: tuple[str, ...] = ()


class Question(NamedTuple):
    """A query whose columns are the labels, which its gauges share, and then a value for each of them."""

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
        Gauge(f"{name}_seconds_p95", f"{what}: what 95 in a hundred stay below.", labels),
        Gauge(f"{name}_seconds_max", f"{what}: the longest.", labels),
    )


WINDOW_SECONDS: Final = Gauge("window_seconds", "How far the figures of the window look back: an hour, or less.")
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
            Gauge("reader_lag_events", "Positions of the log that a reader is not done with.", ("reader",)),
            Gauge("reader_lag_seconds", "The age of the first event that a reader is not done with.", ("reader",)),
        ),
    ),
    Question(
        SELECT_OPEN,
        (
            Gauge(
                "uploads_open",
                "Uploads that have not ended; running: an attempt is under way.",
                ("status", "stage", "running"),
            ),
        ),
    ),
    Question(
        SELECT_STANDSTILL,
        (
            Gauge("uploads_standing_still", f"Uploads due for over {STANDSTILL_SECONDS} s that no live run holds."),
            Gauge("uploads_oldest_due_seconds", "How long the longest of those that are due has been so."),
        ),
    ),
    Question(SELECT_PENDING, (Gauge("uploads_oldest_pending_seconds", "The age of the oldest pending upload."),)),
    Question(SELECT_QUARANTINED, (Gauge("uploads_quarantined", "Uploads whose row has stopped at an event."),)),
    Question(
        SELECT_TROUBLES,
        (Gauge("attempts_put_back", "Attempts of the window that have to be made again, by cause.", ("code",)),),
    ),
    Question(SELECT_FAILURES, (Gauge("uploads_failed", "Uploads that failed within the window.", ("code",)),)),
    Question(
        SELECT_STAGES,
        (
            Gauge("stage_runs", "How often a stage was worked on within the window.", ("stage",)),
            *_quantiles(("stage",), "How long the work of a stage took", "stage"),
        ),
    ),
    Question(
        SELECT_COMPLETED,
        (
            Gauge("uploads_completed", "Uploads that completed within the window."),
            *_quantiles((), "How long uploads took from submission to complete", "upload"),
        ),
    ),
    Question(SELECT_CALLS, (Gauge("paid_calls", "Paid calls of the image model within an hour.", ("model",)),)),
    Question(
        SELECT_MODELS, (Gauge("image_model_down_seconds", "Since when the breaker is open; 0 if closed.", ("model",)),)
    ),
    Question(
        SELECT_LEASES,
        (
            Gauge("leases_live", "Uploads that a live run holds."),
            Gauge("workers_running", "Worker processes that hold a live lease; an idle one holds none."),
            Gauge("leases_expired", "Leases that nobody moved on in time, and that no run has taken since."),
        ),
    ),
)


def gauges() -> Iterator[Gauge]:
    """Every gauge there is, whether it has a value just now or not."""
    yield WINDOW_SECONDS
    for question in QUESTIONS:
        yield from question.gauges


def read_samples(pool: ConnectionPool[psycopg.Connection[Any]]) -> list[Sample]:
    """Every figure as it is now, in a few seconds at most. Raises LogUnavailableError."""
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
        for place, gauge in enumerate(question.gauges, start=len(question.gauges[0].labels)):
            yield Sample(gauge, row[: len(gauge.labels)], float(row[place]))
