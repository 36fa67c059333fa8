"""The guide to changing events in domain/README.md: each example is run against the golden files."""

import json
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

import domain.events
from domain.events import EVENTS, Event
from domain.mapper import EventMapper
from tests.house.the_house import ROOT, blocks
from tests.unit.histories import UPLOAD_ID

GOLDEN: Final = Path(__file__).parent.parent / "golden"
GUIDE: Final = (ROOT / "domain/README.md").read_text().partition("## Events change, history stays")[2]
ADD, RENAME, SPLIT, RETIRE = blocks(GUIDE, "python")


def run(example: str) -> dict[str, Any]:
    """What the example defines, beside what it takes from the domain."""
    names: dict[str, Any] = dict(vars(domain.events))
    exec(example, names)  # noqa: S102 - the example itself
    return names


def read(name: str, event: type[Event], upcasts: Any = None) -> Any:  # noqa: ANN401 - of the example
    """The golden event of version 1, as a program with this class would read it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EVENTS, name, event)
        mapper = EventMapper(upcasts or {})
        found = mapper.to_domain_event(StoredEvent(UPLOAD_ID, 7, name, (GOLDEN / f"{name}.v1.json").read_bytes()))
        assert mapper.to_domain_event(mapper.to_stored_event(found)) == found
    return found


def golden(name: str) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads((GOLDEN / f"{name}.v1.json").read_bytes())
    return facts


def test_a_field_is_added_and_an_older_event_does_not_know_it() -> None:
    names = run(ADD)
    event = read("upload.result-stored", names["ResultStored"], names["UPCASTS"])

    assert (event.seed, event.model) == (None, golden("upload.result-stored")["model"])


def test_a_field_is_renamed_and_keeps_its_value() -> None:
    names = run(RENAME)
    event = read("upload.stage-advanced", names["StageAdvanced"], names["UPCASTS"])

    assert event.percent == golden("upload.stage-advanced")["progress"]


def test_an_event_is_split_and_the_fold_makes_the_same_of_both() -> None:
    names = run(SPLIT)
    old = read("upload.result-stored", names["ResultStored"])
    envelope = {"originator_id": UPLOAD_ID, "event_id": UUID(int=1), "actor": "worker:w", "correlation_id": "c"}
    generated = names["ImageGenerated"](originator_version=7, attempt=1, model=old.model, **envelope)
    stored = names["ImageStored"](originator_version=8, attempt=1, result_id=old.result_id, full=old.full, **envelope)

    evolve = names["evolve"]
    assert evolve(evolve({}, generated), stored) == evolve({}, old)


def test_an_event_is_retired_and_still_read() -> None:
    names = run(RETIRE)

    event = read("upload.put-off", names["PutOff"])
    assert event.code == golden("upload.put-off")["code"]
