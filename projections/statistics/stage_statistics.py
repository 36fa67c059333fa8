"""`stage_statistics`: how long things take and how often they happen, by hour, in buckets that add up over any span.

`stage_statistics_days` is the same by day.

    measure    stage                          an observation is
    work       a stage                        the work on a stage that an attempt finished, as in stage_durations
    span       waiting, held or a stage       the time until an upload went on without trouble, as in its timeline
    remaining  a stage; '' before the first   the time from there to completion, of uploads that were never retried
    waited                                    the time from the submission to the first attempt
    total                                     the time from the submission to completion
    failed     where it failed                a failure, with its code, and the time from the submission to it
    put-back   where it failed                an attempt that is repeated, with its code
    attempt                                   the start of an attempt
    reached    a step of daily_funnel         an upload that came so far, counted in the hour of its submission
    paid                                      a paid call, counted when its upload is complete or failed

It knows no upload afterwards and nothing personal. A failed upload that is retried is taken away from `reached` again.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import psycopg

from domain.events import Submitted
from projections.log.event_log import LoggedEvent
from projections.statistics.folding import Folding
from projections.statistics.observations import Kind, Life, Observation, PaidCalls

READER: Final = "stage_statistics"

_ADD: Final = """
INSERT INTO {table} AS s (measure, {moment}, stage, code, model, prompt_version, bucket, count, microseconds)
SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::int[], %s::smallint[],
                     %s::bigint[], %s::bigint[])
ON CONFLICT (measure, {moment}, stage, code, model, prompt_version, bucket)
DO UPDATE SET count = s.count + excluded.count, microseconds = s.microseconds + excluded.microseconds
"""
ADD_HOURS: Final = _ADD.format(table="stage_statistics", moment="hour")
ADD_DAYS: Final = _ADD.format(table="stage_statistics_days", moment="day")
COUNT_CALLS: Final = """
SELECT e.number, count(*)
FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[]) WITH ORDINALITY AS e (upload_id, since, until, number)
JOIN generation_calls c ON c.upload_id = e.upload_id AND c.called_at > e.since AND c.called_at <= e.until
GROUP BY e.number
"""


def _evolve(life: Life | None, logged: LoggedEvent) -> tuple[Life, list[Observation | PaidCalls]]:
    event = logged.event
    if isinstance(event, Submitted):
        begun = Life(logged, event)
        return begun, [begun.submission]
    if life is None:
        raise ValueError(f"{logged.name} at version {logged.version} follows no submission.")
    return life, list(life.after(event, logged.recorded_at))


def _write(connection: psycopg.Connection[Any], found: Sequence[Observation | PaidCalls]) -> None:
    seen = [each for each in found if isinstance(each, Observation)]
    seen += _paid(connection, [calls for calls in found if isinstance(calls, PaidCalls)])
    _add(connection, ADD_HOURS, seen)
    _add(connection, ADD_DAYS, [each._replace(kind=each.kind.of_the_day) for each in seen])


def _add(connection: psycopg.Connection[Any], statement: str, seen: Sequence[Observation]) -> None:
    sums: dict[Kind, list[int]] = defaultdict(lambda: [0, 0])
    for each in seen:
        sums[each.kind][0] += each.times
        sums[each.kind][1] += each.microseconds
    if sums:
        rows = ((*kind, *numbers) for kind, numbers in sums.items())
        connection.execute(statement.encode(), [list(column) for column in zip(*rows, strict=True)])


def _paid(connection: psycopg.Connection[Any], asked: Sequence[PaidCalls]) -> list[Observation]:
    if not asked:
        return []
    parameters = [
        [calls.upload_id for calls in asked],
        [calls.since for calls in asked],
        [calls.until for calls in asked],
    ]
    counted = connection.execute(COUNT_CALLS, parameters).fetchall()
    return [Observation(asked[number - 1].kind, count) for number, count in counted]


STATISTICS: Final = Folding(READER, _evolve, _write)
"""The projection."""
