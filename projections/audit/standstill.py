"""Invariant 2, for uploads that are not over: each one goes on, or waits for its turn.

An upload may stand for PATIENCE after its last event, its lease and its retry_at, and longer while the queue that it
waits in moves and has not come to it. Times that lie further ahead than they can are not believed.
"""

from collections.abc import Iterator
from datetime import timedelta

from domain.events import AttemptFailed, Event, Failed, Noted, PutOff, Retried, StageAdvanced
from domain.stages import Stage
from domain.state import LONGEST_WAIT
from projections.audit.evidence import PATIENCE, Evidence, Violation
from projections.log.event_log import LoggedEvent


def check_standstill(evidence: Evidence) -> Iterator[Violation]:
    """A violation if the upload is not over and nothing moves it."""
    # The first event is no note, whatever the others are.
    last = next(logged for logged in reversed(evidence.history) if logged.name != Noted.NAME or logged.version == 1)
    if _ended(evidence.events):
        return
    stood = _stood(evidence, last)
    if stood > PATIENCE and not _waits_in_queue(evidence, stood):
        seconds = round(stood.total_seconds())
        yield evidence.violation(2, f"it stands still since {seconds} s, at version {last.version} ({last.name}).")


def ends(event: Event) -> bool:
    """Whether nothing but a retry may follow it."""
    return isinstance(event, Failed) or (isinstance(event, StageAdvanced) and event.stage is Stage.COMPLETE)


def _stood(evidence: Evidence, last: LoggedEvent) -> timedelta:
    """How long nothing has moved it; negative while it waits for a time that comes."""
    if evidence.leased_until and evidence.leased_until > evidence.now:
        return evidence.now - evidence.leased_until
    if evidence.lies_ahead(last.recorded_at):
        return evidence.age(last.recorded_at)
    due = [last.recorded_at]
    if evidence.leased_until:
        due.append(evidence.leased_until)
    event = next((event for event in reversed(evidence.events) if not isinstance(event, Noted)), None)
    if isinstance(event, AttemptFailed | PutOff) and event.retry_at - last.recorded_at <= LONGEST_WAIT:
        due.append(event.retry_at)
    return evidence.now - max(due)


def _waits_in_queue(evidence: Evidence, stood: timedelta) -> bool:
    """Whether its queue moves and has not reached the upload: the workers are busy with earlier ones."""
    reached = evidence.moves.reached(evidence.upload_id)
    return reached is not None and reached - (evidence.now - stood) <= PATIENCE


def _ended(events: list[Event]) -> bool:
    # Only a retry undoes an end; any other event after it is an error.
    ends_and_retries = (event for event in reversed(events) if ends(event) or isinstance(event, Retried))
    last = next(ends_and_retries, None)
    return last is not None and ends(last)
