"""The people who help: their names, their roles, and the reason that each of their actions needs.

viewer    reads
agent     reads, retries, cancels, re-enqueues
admin     does all that, erases, and manages staff
"""

import re
import unicodedata
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from msgspec import Struct

from domain.errors import ReasonError
from domain.privacy import private_in

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
"""The name of a staff member. It is never given to another person, because events and the audit log contain it."""
NAME_RULE: Final = "1 to 64 of a-z, 0-9, '.', '_' and '-', the first a letter or a digit"
REASON_LENGTH: Final = 500
"""In characters."""
UNREADABLE: Final = {"Cc", "Cf", "Cn", "Co", "Cs"}
"""Categories of Unicode: control characters, marks that turn the direction of the text, and what is no character."""
JOINERS: Final = re.compile("[\u200c\u200d]")
"""Invisible too, but some languages and emoji need them."""


class Role(StrEnum):
    """What a staff member may do. Each role may do all that the roles before it may."""

    VIEWER = "viewer"
    AGENT = "agent"
    ADMIN = "admin"

    def covers(self, needed: "Role") -> bool:
        """Whether this role may do what takes the other one."""
        order = list(Role)
        return order.index(self) >= order.index(needed)


class StaffRequest(Struct, frozen=True):
    """Why a staff member acts, or what they note, and by which request.

    The event id makes a repeated request recognisable.
    """

    reason: str | None = None
    request_id: str | None = None
    event_id: UUID | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """The fields that an event takes from it."""
        return {"reason": self.reason, "request_id": self.request_id}


UNASKED: Final = StaffRequest()
"""For what the owner or the service itself does: no reason is given."""


def actor_of(name: str) -> str:
    """The actor of the events of a staff member."""
    return f"staff:{name}"


def checked_reason(words: object, noun: str = "reason") -> str:
    """A reason, or a note, without the space around it. Raises ReasonError, whose sentence says what is wrong."""
    if not isinstance(words, str) or not words.strip():
        raise ReasonError(
            f'Give a {noun}: {{"{noun}": "..."}}, a sentence that your colleagues will understand in a year.'
        )
    words = words.strip()
    if len(words) > REASON_LENGTH:
        raise ReasonError(f"This {noun} has {len(words)} characters; {REASON_LENGTH} are allowed. Please shorten it.")
    if any(unicodedata.category(character) in UNREADABLE for character in JOINERS.sub("", words)):
        raise ReasonError(f"This {noun} contains a control character. Write it on one line, in plain text.")
    if found := private_in(words):
        raise ReasonError(f"This {noun} seems to contain {found}. It is kept for ever: write it without that.")
    return words
