"""The canonical form of an event: fixed for ever, and the same from the log and from a file."""

from datetime import UTC, datetime
from hashlib import sha256
from uuid import UUID

from projections.history.canonical import canonical, line_of, read_line
from projections.history.merkle import leaf
from projections.history.seals import GENESIS, Chain, seal_hash
from projections.log.event_log import LoggedEvent

STATE = (
    '{"actor": "worker:w", "attempt": 1, "event_id": "e", "correlation_id": "c", "schema_version": 1, '
    '"stage": "storing"}'
)
AT = datetime(2026, 11, 2, 10, 0, 0, 7, tzinfo=UTC)
LOGGED = LoggedEvent(7, UUID(int=1), 3, "upload.stage-advanced", STATE, AT)
LINE = (
    b'{"position":7,"uploadId":"00000000-0000-0000-0000-000000000001","version":3,"name":"upload.stage-advanced",'
    b'"recordedAt":"2026-11-02T10:00:00.000007Z","eventId":"e","actor":"worker:w","correlationId":"c",'
    b'"schemaVersion":1,"facts":{"stage": "storing", "attempt": 1}}'
)
CANONICAL = (
    b'{"actor":"worker:w","correlationId":"c","eventId":"e","facts":{"attempt":1,"stage":"storing"},'
    b'"name":"upload.stage-advanced","position":7,"recordedAt":1793613600000007,"schemaVersion":1,'
    b'"uploadId":"00000000-0000-0000-0000-000000000001","version":3}'
)


def with_fact(text: str) -> bytes:
    return canonical(line_of(LoggedEvent(7, UUID(int=1), 3, "x", f'{{"fact": {text}}}', AT)))


def test_it_is_the_same_for_ever() -> None:
    assert canonical(line_of(LOGGED)) == CANONICAL


def test_a_line_of_an_export_has_the_same_form() -> None:
    assert canonical(read_line(LINE)) == CANONICAL


def test_no_two_facts_have_the_same_form() -> None:
    facts = ["1", "1.0", "1.00", '"1"', "1e400", "12345678901234567890123", '"1.0"', "null", "[]", "{}", "true"]
    assert len({with_fact(fact) for fact in facts}) == len(facts)


def test_a_text_that_no_decoder_takes_has_a_form() -> None:
    deep = "[" * 100_000 + "]" * 100_000
    assert with_fact(deep) != with_fact(f"[{deep}]")


def test_a_seal_is_the_same_for_ever() -> None:
    root = sha256(b"root").digest()
    text = f"darkroom seal\n1 256 200 {root.hex()} {'0' * 64}\n"
    assert seal_hash(1, 256, 200, root, GENESIS) == sha256(text.encode()).digest()


def test_a_seal_does_not_depend_on_when_it_was_made() -> None:
    positions = [1, 2, 200, 257, 258, 1000]
    whole, bit_by_bit = Chain(), Chain()
    for position in positions:
        whole.add(position, leaf(b"%d" % position))
        bit_by_bit = Chain(bit_by_bit.newest)
        bit_by_bit.add(position, leaf(b"%d" % position))
    assert whole.newest == bit_by_bit.newest
    assert whole.newest
    assert whole.newest.bounds == "769-1000"
