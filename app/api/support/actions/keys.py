"""Idempotency keys: each becomes the id of the event that its request appends, so that a repetition finds it there."""

import re
from collections.abc import Sequence
from typing import Final
from uuid import UUID, uuid5

from app.api.http.errors import MalformedError
from domain.errors import IdempotencyConflictError
from domain.events import Event
from domain.staff import StaffRequest
from projections.log.event_log import LoggedEvent
from projections.staff.members import Member

NAMESPACE: Final = UUID("5d1f4d0c-0f3c-4f8e-8a55-6d0d2f7b9a10")
"""The namespace of event ids made from idempotency keys. It may never change."""
KEY: Final = re.compile(r"[!-~]{1,255}")


def event_id_of(keys: Sequence[str], member: Member, upload_id: UUID) -> UUID | None:
    """The id of the event that a key stands for; None without a key. Raises MalformedError."""
    if not keys:
        return None
    if len(keys) > 1 or not KEY.fullmatch(keys[0]):
        raise MalformedError("An Idempotency-Key has 1 to 255 visible ASCII characters, and is sent once.")
    return uuid5(NAMESPACE, f"{member.name}:{upload_id}:{keys[0]}")


def done_at(events: Sequence[LoggedEvent], event: type[Event], asked: StaffRequest) -> int | None:
    """The version at which this very request was carried out. Raises IdempotencyConflictError for another one's key."""
    if asked.event_id is None:
        return None
    for logged in events:
        if logged.facts.get("event_id") == str(asked.event_id):
            if (logged.name, _words(logged)) != (event.NAME, asked.reason):
                raise IdempotencyConflictError(
                    "This idempotency key was used for another action, reason or note. Send a new key."
                )
            return logged.version
    return None


def is_of(logged: LoggedEvent, asked: StaffRequest) -> bool:
    """Whether a request appended this event."""
    facts = logged.facts
    if asked.event_id:
        return bool(facts.get("event_id") == str(asked.event_id))
    return bool(facts.get("request_id") == asked.request_id and _words(logged) == asked.reason)


def _words(logged: LoggedEvent) -> object:
    """The reason of an event, or the note that it is."""
    return logged.facts.get("reason", logged.facts.get("note"))
