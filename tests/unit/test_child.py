"""The child's half of the conversation: one job in, one outcome out, whatever the picture is like."""

import msgspec
import pytest

from domain.failures import FailureCode
from tests.photos import variants
from workers.imaging import child
from workers.imaging.jobs import (
    Develop,
    Finish,
    Finished,
    Job,
    Outcome,
    OutOfMemory,
    Picture,
    Print,
    Refusal,
    Watermark,
)


def answered(job: Job) -> Outcome:
    """As it is after both ways."""
    sent = msgspec.msgpack.decode(msgspec.msgpack.encode(job), type=Job)
    outcome: Outcome = msgspec.msgpack.decode(msgspec.msgpack.encode(child.outcome_of(sent)), type=Outcome)
    return outcome


@pytest.mark.parametrize(
    "job",
    [
        Develop(variants.photo(), 10**6, 1000, longest_side=300, quality=80),
        Print(variants.photo(), "seed"),
        Watermark(variants.photo(), "TEXT", longest_side=300, quality=80),
    ],
)
def test_every_job_is_answered_with_a_picture(job: Job) -> None:
    assert isinstance(answered(job), Picture)


def test_two_pictures_travel_together() -> None:
    full = Develop(variants.photo(), 10**6, 1000, longest_side=1000, quality=80)
    assert isinstance(answered(Finish(full, "TEXT", longest_side=300, quality=80)), Finished)


def test_a_refusal_travels_as_a_value() -> None:
    refusal = answered(Develop(b"text", 1, 1, longest_side=1, quality=80))
    assert refusal == Refusal(FailureCode.NOT_AN_IMAGE, "unknown, starts with 74657874")


def test_running_out_of_memory_travels_as_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    def develop(_: Develop) -> Picture:
        raise MemoryError

    monkeypatch.setattr(child, "develop", develop)
    assert answered(Develop(b"", 1, 1, longest_side=1, quality=80)) == OutOfMemory()


def test_a_pictures_digest_is_that_of_its_bytes() -> None:
    picture = Picture(b"abc", 1, 1, "JPEG")
    assert picture.sha256 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
