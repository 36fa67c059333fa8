"""An event that this version cannot read is never misread, whatever is wrong with it."""

import json
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import pytest
from eventsourcing.persistence import MapperDeserialisationError

from domain.events import EVENTS
from domain.mapper import EventMapper

GOLDEN: Final = Path(__file__).parents[1] / "golden"
FACTS: Final = json.loads((GOLDEN / "upload.stage-advanced.v1.json").read_text())
PUT_OFF: Final = json.loads((GOLDEN / "upload.put-off.v1.json").read_text())
ATTEMPT_FAILED: Final = json.loads((GOLDEN / "upload.attempt-failed.v1.json").read_text())
FAILED: Final = json.loads((GOLDEN / "upload.failed.v1.json").read_text())


def read(name: str, state: str) -> object:
    """The event in that row of the log."""
    return EventMapper().read(uuid4(), 3, name, state)


def changed(facts: dict[str, Any], **changes: object) -> str:
    """The stored facts, some of them others."""
    return json.dumps({**facts, **changes})


@pytest.mark.parametrize("name", sorted(EVENTS))
def test_an_event_of_a_newer_schema_version_is_not_read_as_ones_own(name: str) -> None:
    (golden,) = GOLDEN.glob(f"{name}.v1.json")
    facts = json.loads(golden.read_text())
    assert read(name, json.dumps(facts))
    with pytest.raises(MapperDeserialisationError, match="was written by a newer version"):
        read(name, changed(facts, schema_version=EVENTS[name].SCHEMA_VERSION + 1))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("upload.unheard-of", changed(FACTS)),
        ("upload.stage-advanced", changed(FACTS, stage="polishing")),
        ("upload.failed", changed(FAILED, code="UNHEARD_OF")),
        ("upload.stage-advanced", changed(FACTS, progress=1.5)),
        ("upload.stage-advanced", changed(FACTS, progress="many")),
        ("upload.stage-advanced", changed(FACTS, progress=10**400)),
        ("upload.stage-advanced", changed(FACTS, progress=101)),
        ("upload.stage-advanced", changed(FACTS, attempt=-1)),
        ("upload.stage-advanced", "[1, 2]"),
        ("upload.stage-advanced", "null"),
        ("upload.stage-advanced", "{"),
        ("upload.stage-advanced", '{"a":' * 5000 + "1" + "}" * 5000),
        ("upload.stage-advanced", changed(FACTS, schema_version="1")),
        ("upload.stage-advanced", changed(FACTS, schema_version=-1)),
        ("upload.stage-advanced", changed(FACTS, schema_version=True)),
        ("upload.put-off", changed(PUT_OFF, retry_at="9999-12-31T23:59:59-12:00")),
        ("upload.put-off", changed(PUT_OFF, retry_at="0001-01-01T00:00:00+12:00")),
        ("upload.put-off", changed(PUT_OFF, retry_at="2026-11-28T12:00:00")),
        ("upload.put-off", changed(PUT_OFF, retry_at="20000-01-01T00:00:00Z")),
        ("upload.attempt-failed", changed(ATTEMPT_FAILED, retry_at="9999-12-31T23:59:59-12:00")),
    ],
)
def test_an_event_that_cannot_be_read_is_one_kind_of_error(name: str, state: str) -> None:
    with pytest.raises(MapperDeserialisationError, match=f"{name} at version 3"):
        read(name, state)
