"""The charts of /insights: each is one question to `stage_statistics`, whose rows are the table behind the chart.

Spans are whole periods in UTC, as the statistics are. A period for which the statistics have nothing
yet, or had nothing yet, has no numbers: nothing is not zero. The SQL itself says so, because analysts take it along.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import psycopg
from msgspec import Struct
from psycopg.rows import tuple_row

from projections.log.event_log import EventLog
from projections.log.pools import Pool, connected
from projections.statistics.stage_statistics import READER

HOUR: Final = timedelta(hours=1)
MODEL: Final = "model"


class Step(StrEnum):
    """How long a period is."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class Span(Struct, frozen=True, kw_only=True):
    """What is asked: from an hour to an hour, in periods, of one prompt version or model, or of all."""

    since: datetime
    until: datetime
    step: Step
    prompt_version: int | None = None
    model: str | None = None

    def parameters(self, coverage: "Coverage") -> dict[str, object]:
        """The parameters of each question."""
        return {
            "known_from": coverage.begin,
            "known_to": coverage.end,
            "since": self.since,
            "until": self.until,
            "step": self.step.value,
            "every": f"1 {self.step.value}",
            "prompt_version": self.prompt_version,
            "model": self.model,
        }

    def question(self, chart: "Chart") -> str:
        """The question of a chart, to the table whose rows are no shorter than the periods."""
        table, moment = ("stage_statistics", "hour") if self.step is Step.HOUR else ("stage_statistics_days", "day")
        return chart.question.strip().replace("@table", table).replace("@moment", moment)


class Coverage(Struct, frozen=True):
    """What the statistics cover: from the first hour to a moment, and how many events they are behind."""

    begin: datetime | None
    end: datetime
    behind: int


class Table(Struct, frozen=True, kw_only=True):
    """The table behind a chart, and the SQL that made it."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    sql: str
    ignores: tuple[str, ...]
    """Filters that say nothing about this chart."""


class Chart(Struct, frozen=True, kw_only=True):
    """A question, and its columns."""

    title: str
    question: str
    columns: tuple[str, ...]
    ignores: tuple[str, ...] = ()


SCOPE: Final = """@moment >= %(since)s AND @moment < %(until)s
      AND (%(prompt_version)s::int IS NULL OR prompt_version = %(prompt_version)s)"""
SCOPE_OF_MODEL: Final = f"{SCOPE} AND (%(model)s::text IS NULL OR model = %(model)s)"
PERIOD: Final = "date_trunc(%(step)s, @moment, 'UTC')"
PERIODS: Final = """periods AS (
    SELECT period, date_add(period, %(every)s::interval, 'UTC') > %(known_from)s AND period <= %(known_to)s AS known
    FROM generate_series(date_trunc(%(step)s, %(since)s, 'UTC'),
                         %(until)s - interval '1 hour', %(every)s::interval, 'UTC') AS period
)"""
THROUGHPUT: Final = f"""
WITH {PERIODS}, counted AS (
    SELECT {PERIOD} AS period, sum(count) FILTER (WHERE measure = 'reached') AS submitted,
           sum(count) FILTER (WHERE measure = 'total') AS completed,
           sum(count) FILTER (WHERE measure = 'failed' AND code <> 'CANCELLED') AS failed,
           sum(count) FILTER (WHERE measure = 'failed' AND code = 'CANCELLED') AS cancelled
    FROM @table
    WHERE (measure IN ('total', 'failed') OR measure = 'reached' AND stage = 'submitted')
      AND {SCOPE} GROUP BY 1
)
SELECT period, CASE WHEN known THEN coalesce(submitted, 0)::bigint END AS submitted,
       CASE WHEN known THEN coalesce(completed, 0)::bigint END AS completed,
       CASE WHEN known THEN coalesce(failed, 0)::bigint END AS failed,
       CASE WHEN known THEN coalesce(cancelled, 0)::bigint END AS cancelled
FROM periods LEFT JOIN counted USING (period) ORDER BY period
"""  # noqa: S608 - names of our own
FUNNEL: Final = f"""
SELECT step, CASE WHEN %(known_from)s < %(until)s AND %(since)s <= %(known_to)s
                  THEN coalesce(sum(count), 0)::bigint END AS uploads
FROM unnest(ARRAY['submitted', 'started', 'validated', 'generated', 'stored', 'completed']) WITH ORDINALITY
     AS steps (step, rank)
LEFT JOIN @table ON measure = 'reached' AND stage = step
      AND {SCOPE}
GROUP BY step, rank ORDER BY rank
"""  # noqa: S608 - names of our own
DURATIONS: Final = f"""
WITH {PERIODS}, stages (stage, rank) AS (
    VALUES ('validating', 1), ('generating', 2), ('storing', 3), ('watermarking', 4)
), counted AS (
    SELECT {PERIOD} AS period, stage, bucket, sum(count) AS n
    FROM @table
    WHERE measure = 'work' AND {SCOPE_OF_MODEL} GROUP BY 1, 2, 3
), running AS (
    SELECT *, sum(n) OVER (PARTITION BY period, stage ORDER BY bucket) AS upto,
           sum(n) OVER (PARTITION BY period, stage) AS runs
    FROM counted
), read_off AS (
    SELECT period, stage, runs, share, 0.001 * power(2, (bucket - 1 + (share * runs - upto + n) / n) / 8) AS seconds
    FROM running, (VALUES (0.5), (0.95)) AS shares (share)
    WHERE upto >= share * runs AND upto - n < share * runs
)
SELECT period, stage, CASE WHEN known THEN coalesce(max(runs), 0)::bigint END AS runs,
       max(seconds) FILTER (WHERE share = 0.5)::float AS p50,
       max(seconds) FILTER (WHERE share = 0.95)::float AS p95
FROM periods CROSS JOIN stages LEFT JOIN read_off USING (period, stage)
GROUP BY period, known, stage, rank ORDER BY period, rank
"""  # noqa: S608 - names of our own
FAILURES: Final = f"""
WITH {PERIODS}, codes AS (
    SELECT DISTINCT code FROM @table
    WHERE measure = 'failed' AND {SCOPE}
), counted AS (
    SELECT {PERIOD} AS period, code, sum(count) AS failures
    FROM @table
    WHERE measure = 'failed' AND {SCOPE} GROUP BY 1, 2
)
SELECT period, code, CASE WHEN known THEN coalesce(failures, 0)::bigint END AS failures
FROM periods CROSS JOIN codes LEFT JOIN counted USING (period, code) ORDER BY period, code
"""  # noqa: S608 - names of our own
EFFORT: Final = f"""
SELECT (@moment AT TIME ZONE 'UTC')::date AS day, prompt_version,
       coalesce(sum(count) FILTER (WHERE measure = 'total'), 0)::bigint AS completed,
       coalesce(sum(count) FILTER (WHERE measure = 'attempt'), 0)::bigint AS attempts,
       coalesce(sum(count) FILTER (WHERE measure = 'paid'), 0)::bigint AS paid_calls,
       (sum(count) FILTER (WHERE measure = 'attempt') /
        nullif(sum(count) FILTER (WHERE measure = 'total'), 0))::float AS attempts_each,
       (coalesce(sum(count) FILTER (WHERE measure = 'paid'), 0) /
        nullif(sum(count) FILTER (WHERE measure = 'total'), 0))::float AS paid_calls_each
FROM @table
WHERE measure IN ('total', 'attempt', 'paid') AND {SCOPE}
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - names of our own
CHARTS: Final[Mapping[str, Chart]] = {
    "throughput": Chart(
        title="Throughput",
        question=THROUGHPUT,
        columns=("period", "submitted", "completed", "failed", "cancelled"),
        ignores=(MODEL,),
    ),
    "funnel": Chart(title="Funnel", question=FUNNEL, columns=("step", "uploads"), ignores=(MODEL,)),
    "durations": Chart(
        title="Durations of the stages", question=DURATIONS, columns=("period", "stage", "runs", "p50", "p95")
    ),
    "failures": Chart(
        title="Failures by code", question=FAILURES, columns=("period", "code", "failures"), ignores=(MODEL,)
    ),
    "effort": Chart(
        title="Attempts and paid calls for each completed upload",
        question=EFFORT,
        columns=("day", "prompt_version", "completed", "attempts", "paid_calls", "attempts_each", "paid_calls_each"),
        ignores=(MODEL,),
    ),
}
SELECT_STATE: Final = """
SELECT coalesce((SELECT position FROM positions WHERE reader = %s), 0), clock_timestamp(),
       (SELECT min(hour) FROM stage_statistics WHERE measure = 'reached')
"""
SELECT_CHOICES: Final = """
SELECT array_agg(DISTINCT prompt_version ORDER BY prompt_version),
       array_agg(DISTINCT model ORDER BY model) FILTER (WHERE model <> '')
FROM stage_statistics_days WHERE measure = 'total' AND day >= date_trunc('day', %s, 'UTC') AND day < %s
"""


def read_chart(pool: Pool, chart: Chart, span: Span, coverage: Coverage) -> Table:
    """The table of a chart. Raises LogUnavailableError."""
    with connected(pool) as connection:
        cursor = psycopg.ClientCursor(connection, row_factory=tuple_row)
        text = cursor.mogrify(span.question(chart), span.parameters(coverage))
        rows: list[tuple[Any, ...]] = cursor.execute(text.encode()).fetchall()
    return Table(columns=chart.columns, rows=rows, sql=text, ignores=chart.ignores)


def read_coverage(pool: Pool, event_log: EventLog) -> Coverage:
    """How far the statistics go. Raises LogUnavailableError."""
    with connected(pool) as connection:
        ((position, now, begin),) = connection.execute(SELECT_STATE, (READER,)).fetchall()
    behind = event_log.last_position() - position
    if behind <= 0:
        return Coverage(begin, now, 0)
    missing = event_log.read(position, 1)
    return Coverage(begin, missing[0].recorded_at if missing else now, behind)


def read_choices(pool: Pool, since: datetime, until: datetime) -> tuple[list[int], list[str]]:
    """The prompt versions and the models of a span, to filter by. Raises LogUnavailableError."""
    with connected(pool) as connection:
        versions, names = connection.execute(SELECT_CHOICES, (since, until)).fetchone() or (None, None)
    return versions or [], names or []
