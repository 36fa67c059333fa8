"""The stored formats of the events. Every version stays readable, so a golden file is never changed."""

import json
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from msgspec.structs import replace

from domain.events import EVENTS, AttemptStarted, Event
from domain.mapper import Envelope, EventMapper, LoggedState
from domain.objects import Expiry
from domain.staff import StaffRequest
from domain.stages import Stage
from tests.unit.histories import UPLOAD_ID, submitted
from tests.whole_json import whole

GOLDEN = Path(__file__).parent.parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))


def stored(name: str, state: bytes) -> StoredEvent:
    return StoredEvent(UPLOAD_ID, 7, name, state)


def logged(event: Event, state: bytes, columns: Envelope | None) -> StoredEvent:
    return LoggedState(event.originator_id, event.originator_version, event.NAME, state, columns)


def one_of_each() -> list[Event]:
    complete = submitted().reached(Stage.COMPLETE).events
    waiting = submitted().reached(Stage.GENERATING).attempt_failed().put_off()
    failed = waiting.then(waiting.upload.requeue(by="staff:erika")).started().failed()
    retried = failed.then(failed.upload.retry(by="session:abc")).events
    cancelled = failed.then(failed.upload.cancel(by="session:abc"))
    noted = cancelled.then(cancelled.upload.note(by="staff:erika", request=StaffRequest("It is known.")))
    version = noted.upload.version
    expired = noted.then(noted.upload.expire(Expiry.EVERYTHING, version=version, by="reconciler"))
    erased = expired.then(expired.upload.erase(by="staff:erika")).events
    return list({event.NAME: event for event in complete + retried + erased}.values())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_version_ever_written_can_be_read(file: Path) -> None:
    name, version = file.stem.rsplit(".v", 1)
    event = EventMapper().to_domain_event(stored(name, file.read_bytes()))

    assert type(event) is EVENTS[name]
    assert (event.originator_id, event.originator_version) == (UPLOAD_ID, 7)
    assert json.loads(file.read_bytes())["schema_version"] == int(version)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_current_version_is_written_like_its_golden_file(file: Path) -> None:
    name, version = file.stem.rsplit(".v", 1)
    event = EventMapper().to_domain_event(stored(name, file.read_bytes()))
    if int(version) == event.SCHEMA_VERSION:
        assert json.loads(whole(event).state) == json.loads(file.read_bytes())


def test_every_event_has_a_golden_file_of_its_current_version() -> None:
    assert {f"{name}.v{event.SCHEMA_VERSION}" for name, event in EVENTS.items()} <= {file.stem for file in FILES}


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.NAME)
def test_an_event_is_the_same_after_it_was_stored(event: Event) -> None:
    mapper = EventMapper()

    assert mapper.to_domain_event(mapper.to_stored_event(event)) == event


@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: event.NAME)
def test_an_event_is_the_same_after_a_log_kept_its_envelope_in_columns(event: Event) -> None:
    mapper, event = EventMapper(), replace(event, correlation_id="c" * 32)
    opened = mapper.to_stored_event(event)

    assert opened.envelope == Envelope(event.SCHEMA_VERSION, event.event_id, event.actor, event.correlation_id)
    assert mapper.to_domain_event(opened) == event
    assert mapper.to_domain_event(logged(event, whole(event).state, opened.envelope)) == event
    assert mapper.to_domain_event(logged(event, whole(event).state, None)) == event


def test_what_the_json_has_is_valid_instead_of_the_column() -> None:
    event = one_of_each()[0]
    columns = Envelope(event.SCHEMA_VERSION, UUID(int=1), "worker:other", "f" * 32)

    assert EventMapper().to_domain_event(logged(event, whole(event).state, columns)) == event


@pytest.mark.parametrize("name", ["upload.failed", "upload.retried", "upload.erased"])
def test_an_older_version_in_columns_is_upgraded(name: str) -> None:
    facts = json.loads((GOLDEN / f"{name}.v1.json").read_bytes())
    (_, event_id, actor, correlation_id) = (facts.pop(field) for field in Envelope.__struct_fields__)
    state = json.dumps(facts).encode()
    columns = Envelope(1, UUID(event_id), actor, correlation_id)

    event = EventMapper().to_domain_event(LoggedState(UPLOAD_ID, 7, name, state, columns))
    assert (event.SCHEMA_VERSION, getattr(event, "reason", "")) == (2, None)


def test_an_older_version_is_upgraded_when_it_is_read() -> None:
    class Tomorrow(AttemptStarted, frozen=True):
        SCHEMA_VERSION: ClassVar[int] = 2

    def upcast(facts: dict[str, Any]) -> dict[str, Any]:
        return {**facts, "attempt": facts["attempt"] * 10}

    old = (GOLDEN / "upload.attempt-started.v1.json").read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(EVENTS, "upload.attempt-started", Tomorrow)
        mapper = EventMapper({("upload.attempt-started", 1): upcast})
        event = mapper.to_domain_event(stored("upload.attempt-started", old))

    assert isinstance(event, Tomorrow)
    assert event.attempt == 20


@pytest.mark.parametrize("name", ["upload.failed", "upload.retried", "upload.erased"])
def test_the_first_version_of_what_staff_do_had_no_reason(name: str) -> None:
    events = [
        EventMapper().to_domain_event(stored(name, (GOLDEN / f"{name}.v{version}.json").read_bytes()))
        for version in (1, 2)
    ]

    assert [getattr(event, "reason", "") for event in events] == [None, "The owner asked, ticket 4711."]
    with pytest.raises(MapperDeserialisationError):
        EventMapper({}).to_domain_event(stored(name, (GOLDEN / f"{name}.v1.json").read_bytes()))


@pytest.mark.parametrize(
    ("name", "state"),
    [
        ("upload.unheard-of", b"{}"),
        ("upload.retried", b"{"),
        ("upload.retried", b'{"schema_version": 1}'),
        ("upload.retried", b"{}"),
        ("upload.retried", b"[]"),
        ("upload.retried", b"null"),
        ("upload.retried", b'{"schema_version": "x"}'),
        ("upload.retried", b'{"schema_version": null}'),
        ("upload.retried", b'{"schema_version": 1.5}'),
    ],
)
def test_an_event_that_cannot_be_read_says_which_one_it_is(name: str, state: bytes) -> None:
    with pytest.raises(MapperDeserialisationError, match=f"{name} at version 7 of {UPLOAD_ID} cannot be read"):
        EventMapper().to_domain_event(stored(name, state))


def test_only_events_of_an_upload_are_stored() -> None:
    class Stranger(msgspec.Struct):
        originator_id: UUID = UPLOAD_ID
        originator_version: int = 1

    class Unlisted(AttemptStarted, frozen=True):
        NAME: ClassVar[str] = "upload.unlisted"

    for event in (Stranger(), Unlisted(UPLOAD_ID, 1, UUID(int=1), "worker:a", "c" * 32, attempt=1)):
        with pytest.raises(TypeError, match=r"is no event of an upload. Add its class to EVENTS"):
            EventMapper().to_stored_event(event)
