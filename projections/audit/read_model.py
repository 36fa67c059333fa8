"""Invariant 4: the rows of an upload equal the fold of its stream up to their version, and are updated soon."""

from collections.abc import Iterator

import msgspec

from projections.audit.evidence import Evidence, Violation
from projections.rows.comparison import decoded, difference
from projections.rows.uploads import ProjectedUpload, ResultRow, UploadRow, project


def check_rows(evidence: Evidence) -> Iterator[Violation]:
    """Errors in the rows. A row that lags is compared with the log at the row's version."""
    if evidence.quarantine:
        stop = evidence.quarantine
        error = " ".join(stop.error.split())  # a violation is one line
        yield evidence.violation(4, f"its row has stopped before position {stop.position}: {error}")
    try:
        row = decoded(evidence.row, UploadRow)
        result = decoded(evidence.result_row, ResultRow)
    except msgspec.MsgspecError as error:
        yield evidence.violation(4, f"its row cannot be read: {error}.")
        return
    version = row.version if row else 0
    last = evidence.history[-1].version
    if version > last:
        yield evidence.violation(4, f"its row is at version {version}, the log at {last}.")
        return
    yield from _differences(evidence, row, result)
    yield from _lag(evidence, version)


def _differences(evidence: Evidence, row: UploadRow | None, result: ResultRow | None) -> Iterator[Violation]:
    try:
        projection = _folded(evidence, row.version if row else 0)
    except ValueError:
        return  # the stream is broken; check_stream reports it
    for table, there, expected in (
        ("uploads", row, projection and projection.row()),
        ("results", result, projection and projection.result_row()),
    ):
        if sentence := difference(table, there, expected):
            yield evidence.violation(4, sentence)


def _lag(evidence: Evidence, version: int) -> Iterator[Violation]:
    behind = next((logged for logged in evidence.history if logged.version > version), None)
    if evidence.erased_at and not version:
        return  # an erased upload has no row
    # A quarantined row lags by design, and is reported above.
    if behind and not evidence.quarantine and not evidence.is_recent(behind.recorded_at):
        if behind.position > evidence.movement.position and evidence.is_recent(evidence.movement.projected_at):
            return  # the projector is making progress and has not reached it yet
        seconds = round(evidence.age(behind.recorded_at).total_seconds())
        lacks = f"is at version {version}" if version else "is missing"
        yield evidence.violation(4, f"its row {lacks} although version {behind.version} is {seconds} s old.")


def _folded(evidence: Evidence, version: int) -> ProjectedUpload | None:
    projection = None
    for logged, reading in evidence.readings:
        if logged.version <= version:
            if isinstance(reading, str):
                raise ValueError(reading)
            projection = project(projection, logged)
    return projection
