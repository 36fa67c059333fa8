"""Invariants 1, 2, 3 and 5: the beginning, the order and the end of one stream."""

from collections.abc import Iterator

from domain.events import (
    Erased,
    Event,
    Expired,
    Failed,
    Noted,
    ResultStored,
    Retried,
    StageAdvanced,
    Submitted,
)
from domain.stages import ADDED, BANDS, PIPELINE, Stage, rank
from projections.audit.evidence import Evidence, Violation
from projections.audit.standstill import ends


def check_stream(evidence: Evidence) -> Iterator[Violation]:
    """Errors in a stream that has at least one event."""
    yield from _beginning(evidence)
    yield from _contiguity(evidence)
    yield from _order(evidence)
    yield from _ending(evidence)
    results = [event for event in evidence.events if isinstance(event, ResultStored)]
    if len(results) > 1:
        yield evidence.violation(5, f"{len(results)} results are recorded, at versions {_versions(results)}.")


def _beginning(evidence: Evidence) -> Iterator[Violation]:
    if evidence.history[0].name != Submitted.NAME:
        yield evidence.violation(1, f"its stream begins with {evidence.history[0].name}, not with {Submitted.NAME}.")
    again = [logged.version for logged in evidence.history[1:] if logged.name == Submitted.NAME]
    if again:
        yield evidence.violation(1, f"it was submitted again, at version {again[0]}.")


def _contiguity(evidence: Evidence) -> Iterator[Violation]:
    versions = enumerate((logged.version for logged in evidence.history), start=1)
    gap = next(((expected, version) for expected, version in versions if version != expected), None)
    if gap:
        yield evidence.violation(3, f"version {gap[0]} is missing; the next one is {gap[1]}.")
    for logged, reading in evidence.readings:
        if isinstance(reading, str):
            yield evidence.violation(
                3, f"version {logged.version} ({logged.name}) cannot be read: {reading.rstrip('.')}."
            )


def _order(evidence: Evidence) -> Iterator[Violation]:
    reached: Stage | None = None
    progress = 0
    for event in evidence.events:
        if not isinstance(event, StageAdvanced):
            continue
        at = f"version {event.originator_version}"
        if event.progress not in BANDS.get(event.stage, ()):
            yield evidence.violation(3, f"{at} has {event.stage} at {event.progress}, outside of its band.")
        if event.stage is Stage.FAILED:
            continue
        if rank(event.stage) < rank(reached):
            yield evidence.violation(3, f"{at} goes back from {reached} to {event.stage}.")
        if set(PIPELINE[rank(reached) : rank(event.stage) - 1]) - ADDED:
            yield evidence.violation(3, f"{at} goes from {reached or 'the submission'} to {event.stage}, past a stage.")
        if event.progress < progress:
            yield evidence.violation(3, f"{at} lets progress fall from {progress} to {event.progress}.")
        reached, progress = event.stage, event.progress


def _ending(evidence: Evidence) -> Iterator[Violation]:
    ended: Event | None = None
    for event in evidence.events:
        if isinstance(event, Noted) and not isinstance(ended, Erased):
            continue
        asked_for = isinstance(event, Retried)
        if isinstance(event, Erased) and ended and not isinstance(ended, Erased):
            ended = event
            continue
        if isinstance(event, Expired) and ended and not isinstance(ended, Erased):
            continue
        at = f"version {event.originator_version} ({event.NAME})"
        if ended and not (asked_for and isinstance(ended, Failed)):
            yield evidence.violation(2, f"{at} follows its end at version {ended.originator_version} ({ended.NAME}).")
            return
        if asked_for and not ended:
            yield evidence.violation(2, f"{at} retries an upload that had not failed.")
        ended = event if ends(event) else None


def _versions(events: list[ResultStored]) -> str:
    return ", ".join(str(event.originator_version) for event in events)
