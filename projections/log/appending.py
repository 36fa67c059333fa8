"""The statements that append events to the log, and the columns of an event as their parameters."""

from collections.abc import Sequence
from typing import Final, LiteralString
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from domain.mapper import LoggedState
from projections.log.prepared import Prepared

APPEND_LOCK: Final = 0x6461726B_6C6F67  # "darklog"; no other lock may use this number

# The lock is taken before nextval runs, because nextval and RETURNING run on the rows that FROM gives.
# Nearly every append has one event; the statement with arrays costs client and server twice as much.
APPEND_ONE: Final = Prepared(
    "append",
    f"""
INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)
SELECT $1::uuid, $2::int, $3::text, $4::uuid, $5::text, $6::uuid, $7::smallint, $8::jsonb
FROM pg_advisory_xact_lock_shared({APPEND_LOCK})
RETURNING position
""",  # noqa: S608 - a number of our own
)
APPEND: Final = """
INSERT INTO event_log (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)
SELECT e.upload_id, e.version, e.name, e.event_id, e.actor, e.correlation_id, e.schema_version, e.state::jsonb
FROM pg_advisory_xact_lock_shared(%(lock)s),
     unnest(%(upload_id)s::uuid[], %(version)s::int[], %(name)s::text[], %(event_id)s::uuid[], %(actor)s::text[],
            %(correlation_id)s::uuid[], %(schema_version)s::smallint[], %(state)s::text[])
         AS e (upload_id, version, name, event_id, actor, correlation_id, schema_version, state)
ORDER BY e.version
RETURNING position
"""


def append_of(stored_events: Sequence[StoredEvent]) -> tuple[LiteralString, dict[str, object]]:
    """The statement that appends the events in one round trip, and its parameters."""
    rows = [row_of(event) for event in stored_events]
    return APPEND, {"lock": APPEND_LOCK, **{column: [row[column] for row in rows] for column in rows[0]}}


def row_of(event: StoredEvent) -> dict[str, object]:
    """The columns of an event. PostgreSQL opens the JSON of one that our mapper did not make."""
    envelope = event.envelope if isinstance(event, LoggedState) else None
    return {
        "upload_id": event.originator_id,
        "version": event.originator_version,
        "name": event.topic,
        "event_id": envelope and envelope.event_id,
        "actor": envelope and envelope.actor,
        "correlation_id": envelope and envelope.correlation_id,
        "schema_version": envelope and envelope.schema_version,
        "state": event.state.decode(),
    }


def texts_of(event: StoredEvent) -> list[bytes | None]:
    """The columns of an event in the order of APPEND_ONE, as texts. A loop over them would take twice the time."""
    upload_id, envelope = event.originator_id, event.envelope if isinstance(event, LoggedState) else None
    correlation_id = envelope.correlation_id if envelope else None
    schema_version = envelope.schema_version if envelope else None
    return [
        (upload_id.hex if isinstance(upload_id, UUID) else upload_id).encode(),  # PostgreSQL needs no dashes
        b"%d" % event.originator_version,
        event.topic.encode(),
        envelope.event_id.hex.encode() if envelope else None,
        envelope.actor.encode() if envelope else None,
        correlation_id.encode() if correlation_id else None,
        b"%d" % schema_version if schema_version is not None else None,
        event.state,
    ]
