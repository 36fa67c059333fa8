"""A version of Darkroom that does not know an event yet, as an older one beside a newer one."""

import pytest

from domain.events import EVENTS, Event
from domain.mapper import EventMapper
from projections.log import event_log


def forget(monkeypatch: pytest.MonkeyPatch, event: type[Event]) -> None:
    """From here on, readers of the log do not know the event."""
    monkeypatch.delitem(EVENTS, event.NAME)
    monkeypatch.setattr(event_log, "_mapper", EventMapper)  # one that has been made knows what it knew then


def remember(monkeypatch: pytest.MonkeyPatch, event: type[Event]) -> None:
    """From here on they know it."""
    monkeypatch.setitem(EVENTS, event.NAME, event)
