"""Converts rows of the log to lines of a file, and back. The only module here that knows the columns of the log.

PostgreSQL makes the lines, and reads them: no event passes through Python on its way, so none can be changed there.
Its sessions must be in UTC.
"""

from datetime import datetime
from typing import Any, Final, LiteralString
from uuid import UUID

from msgspec import Struct

ENVELOPE: Final = "ARRAY['schema_version', 'event_id', 'actor', 'correlation_id']"
"""Columns of the log that a line shows beside the facts. A value that does not fit its column is in the JSON."""
IN_COLUMNS: Final = f"NOT state ?| {ENVELOPE} AND correlation_id IS NOT NULL AND schema_version IS NOT NULL"
CORRELATION: Final = "replace(correlation_id::text, '-', '')"
RECORDED_AT: Final = """to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""
# No JSON has a control character in it, so these two never occur and the text comes as it is.
RAW: Final = r"(FORMAT csv, DELIMITER E'\x02', QUOTE E'\x01', ESCAPE E'\x01')"
HEAD: Final = """'{"position":', position, ',"uploadId":"', upload_id, '","version":', version,
    ',"name":', to_json(name), ',"recordedAt":', replace(to_json(recorded_at)::text, '+00:00', 'Z')"""
LINE: Final = f"""
CASE WHEN {IN_COLUMNS} THEN concat(
    {HEAD}, ',"eventId":"', event_id, '","actor":', to_json(actor), ',"correlationId":"', {CORRELATION},
    '","schemaVersion":', schema_version, ',"facts":', state, E'}}\\n')
ELSE concat(
    {HEAD}, ',"eventId":', coalesce(state -> 'event_id', to_jsonb(event_id)),
    ',"actor":', coalesce(state -> 'actor', to_jsonb(actor)),
    ',"correlationId":', coalesce(state -> 'correlation_id', to_jsonb({CORRELATION})),
    ',"schemaVersion":', coalesce(state -> 'schema_version', to_jsonb(schema_version), 'null'),
    ',"facts":', state - {ENVELOPE}, E'}}\\n')
END
"""
# PostgreSQL joins the lines of so many positions: a message for each line would cost as much as the line. The blocks
# come in order, because LATERAL is a loop over the series; to sort them would keep them all.
NDJSON: Final = f"""
COPY (
    SELECT block.* FROM generate_series(%(after)s::bigint, %(to)s::bigint - 1, %(block)s) AS start,
    LATERAL (
        SELECT count(*), min(position), max(position), string_agg(line, '')
        FROM (
            SELECT position, {LINE} AS line FROM event_log
            WHERE position > start AND position <= start + %(block)s AND SCOPE ORDER BY position
        ) AS lines
        HAVING count(*) > 0
    ) AS block
) TO STDOUT (FORMAT binary)
"""  # noqa: S608 - text of our own
NDJSON_TYPES: Final = ("int8", "int8", "int8", "bytea")
"""The parts of a block: number of events, first and last position, lines. As bytes: the text is UTF-8 already."""
# A cell has no type, so a value that does not fit its column stays among the facts, where it is valid instead.
CSV: Final = f"""
COPY (
    SELECT position, upload_id, version, name, {RECORDED_AT}, event_id, actor, {CORRELATION}, schema_version,
           state::text
    FROM event_log WHERE SCOPE ORDER BY position
) TO STDOUT (FORMAT csv)
"""  # noqa: S608 - text of our own
COLUMNS: Final = (
    "position",
    "uploadId",
    "version",
    "name",
    "recordedAt",
    "eventId",
    "actor",
    "correlationId",
    "schemaVersion",
    "facts",
)

INCOMING: Final = "CREATE TEMPORARY TABLE incoming (line jsonb NOT NULL) ON COMMIT DROP"
TAKE: Final = f"COPY incoming (line) FROM STDIN {RAW}"
INSERT: Final = """
INSERT INTO event_log (position, upload_id, version, name, recorded_at,
                       event_id, actor, correlation_id, schema_version, state) OVERRIDING SYSTEM VALUE
SELECT (line ->> 'position')::bigint, (line ->> 'uploadId')::uuid, (line ->> 'version')::integer, line ->> 'name',
       (line ->> 'recordedAt')::timestamptz, opened.*
FROM incoming, event_columns(jsonb_strip_nulls(jsonb_build_object(
    'schema_version', line -> 'schemaVersion', 'event_id', line -> 'eventId', 'actor', line -> 'actor',
    'correlation_id', line -> 'correlationId')) || (line -> 'facts')) AS opened
ORDER BY 1
"""


class Scope(Struct, frozen=True, kw_only=True):
    """Which events: from and until a position (both included) or a time (the second one left out), and their names."""

    since: int = 1
    until: int | None = None
    since_time: datetime | None = None
    until_time: datetime | None = None
    names: tuple[str, ...] = ()
    upload_id: UUID | None = None

    @property
    def whole(self) -> bool:
        """Whether it leaves nothing out between its positions."""
        return not (self.upload_id or self.names or self.since_time or self.until_time)

    def between(self, after: int, to: int) -> tuple[LiteralString, dict[str, Any]]:
        """The condition and its parameters, for the positions after the one and up to the other."""
        condition: LiteralString = "position > %(after)s AND position <= %(to)s"
        if self.since_time:
            condition += " AND recorded_at >= %(since)s"
        if self.until_time:
            condition += " AND recorded_at < %(until)s"
        if self.upload_id:
            condition += " AND upload_id = %(upload_id)s"
        if self.names:
            condition += " AND name = ANY(%(names)s)"
        return condition, {
            "after": after,
            "to": to,
            "since": self.since_time,
            "until": self.until_time,
            "names": list(self.names),
            "upload_id": self.upload_id,
        }
