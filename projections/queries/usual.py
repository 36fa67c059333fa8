"""How long each part of an upload usually takes, and a usual timeline to compare one with.

Usual is what uploads of the same prompt version and model did in the last thirty days, as `stage_statistics` has it.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.persistence import MapperDeserialisationError
from msgspec import Struct

from domain.events import Event, ResultStored, Submitted
from projections.log.event_log import LoggedEvent
from projections.log.pools import Pool, connected
from projections.queries.timeline import ENDED, STAGE, Span
from projections.statistics.buckets import percentile

ENOUGH: Final = 20
"""With fewer observations nothing is usual."""
NOTICED_SECONDS: Final = 0.1
"""Times are shown in tenths of a second: what takes less than that more is no outlier."""
RECENT: Final = 200
"""A usual life is chosen among so many that were completed last."""

# Which model there was is known from storing on: a part before it is the same for all models.
SELECT_USUAL: Final = """
SELECT stage, bucket, sum(count)::int FROM stage_statistics
WHERE measure = 'span' AND hour > statement_timestamp() - interval '30 days' AND prompt_version = %(prompt_version)s
  AND (model = '' OR %(model)s::text IS NULL OR model = %(model)s)
GROUP BY stage, bucket
"""
SELECT_LIKE: Final = """
WITH recent AS (
    SELECT u.upload_id, extract(epoch FROM u.completed_at - u.created_at) AS seconds
    FROM uploads u JOIN results r USING (upload_id)
    WHERE u.completed_at IS NOT NULL AND u.attempt = 1 AND u.upload_id <> %(upload_id)s
      AND u.prompt_version = %(prompt_version)s AND (%(model)s::text IS NULL OR r.model = %(model)s)
    ORDER BY u.completed_at DESC LIMIT %(recent)s
)
SELECT upload_id FROM recent
ORDER BY abs(seconds - (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) FROM recent)), upload_id LIMIT 1
"""


class Usual(Struct, frozen=True):
    """How long a part of the time took: half of the uploads at most p50, 95 of 100 at most p95; in seconds."""

    uploads: int
    p50: float
    p95: float


class Likeness(Struct, frozen=True):
    """What uploads must have in common to be compared."""

    upload_id: UUID
    prompt_version: int
    model: str | None = None


def likeness_of(events: Sequence[LoggedEvent]) -> Likeness | None:
    """What an upload is compared by; None if its submission cannot be read."""
    submitted = _read(events[0])
    if not isinstance(submitted, Submitted):
        return None
    results = (_read(logged) for logged in events if logged.name == ResultStored.NAME)
    model = next((result.model for result in results if isinstance(result, ResultStored)), None)
    return Likeness(events[0].upload_id, submitted.prompt_version, model)


def read_usual(connection: psycopg.Connection[Any], events: Sequence[LoggedEvent]) -> dict[str, Usual]:
    """What is usual for uploads like this one, by stage, and for `waiting` and `held`."""
    likeness = likeness_of(events)
    if likeness is None:
        return {}
    counts: dict[str, dict[int, int]] = defaultdict(dict)
    parameters = {"prompt_version": likeness.prompt_version, "model": likeness.model}
    for stage, bucket, count in connection.execute(SELECT_USUAL, parameters):
        counts[stage][bucket] = count
    return {
        stage: Usual(sum(found.values()), percentile(found, 0.5) or 0, percentile(found, 0.95) or 0)
        for stage, found in counts.items()
        if sum(found.values()) >= ENOUGH
    }


def find_like(pool: Pool, likeness: Likeness) -> UUID | None:
    """A recent upload of the same kind that went well and took the median time. Raises LogUnavailableError."""
    asked = {
        "upload_id": likeness.upload_id,
        "prompt_version": likeness.prompt_version,
        "model": likeness.model,
        "recent": RECENT,
    }
    with connected(pool) as connection:
        row = connection.execute(SELECT_LIKE, asked).fetchone()
    return row[0] if row else None


def usual_of(span: Span, usual: Mapping[str, Usual]) -> Usual | None:
    """What is usual for a span; None for what is none of a life that goes well."""
    return usual.get(span.stage or "" if span.kind == STAGE else span.kind)


def is_outlier(span: Span, usual: Mapping[str, Usual]) -> bool:
    """Whether it takes noticeably longer than 95 of 100 did."""
    found = usual_of(span, usual)
    return found is not None and span.seconds > found.p95 + NOTICED_SECONDS


def first_difference(
    spans: Sequence[Span], like: Sequence[Span], usual: Mapping[str, Usual], failed_with: str | None
) -> str | None:
    """The first part that a usual life does not have, or that takes unusually long; None if there is none."""
    for span, other in zip_longest(spans, like):
        if span is None:
            ending = f"failed with {failed_with}" if failed_with else "has not come so far"
            return f"This upload {ending}, where a usual one is {_named(other)}."
        if other is None:
            return f"This upload was {_named(span)}, where a usual one has ended."
        if (span.kind, span.stage) != (other.kind, other.stage):
            return f"This upload was {_named(span)}, where a usual one is {_named(other)}."
        if is_outlier(span, usual) and (found := usual_of(span, usual)):
            return (
                f"This upload was {_named(span)} for {span.seconds:.1f} s. Half of all take at most {found.p50:.1f} s, "
                f"95 of 100 at most {found.p95:.1f} s."
            )
    return None


def _named(span: Span) -> str:
    if span.kind == STAGE and span.stage:
        return f"{span.stage}"
    code = f" ({span.code})" if span.code else ""
    return f"{'at its end' if span.kind == ENDED else span.kind}{code}"


def _read(logged: LoggedEvent) -> Event | None:
    try:
        return logged.event
    except MapperDeserialisationError:
        return None
