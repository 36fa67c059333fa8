"""One status poll in ten is sent to analytics, chosen at random."""

from collections.abc import Sequence
from random import Random
from uuid import UUID

from domain.stages import Stage
from projections.outside.analytics import Capture, PollSampler

UPLOAD_ID = UUID("6f1c2c1e-6a43-4c6e-9d0a-0f7f2f8f1d11")


class Ledger:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.captures: list[Capture] = []

    def deliver(self, captures: Sequence[Capture]) -> None:
        raise AssertionError("A poll is never waited for.")

    def enqueue(self, capture: Capture) -> None:
        self.captures.append(capture)


def told(sampler: PollSampler, ledger: Ledger, polls: int) -> list[int]:
    """The polls that were told; each says its number as its progress."""
    for number in range(polls):
        sampler.status_poll(UPLOAD_ID, Stage.GENERATING, number)
    return [capture.properties["progress"] for capture in ledger.captures]


def test_exactly_one_of_every_ten_polls_is_told() -> None:
    ledger = Ledger()
    numbers = told(PollSampler(ledger, Random(1).randrange), ledger, 1000)
    assert [number // 10 for number in numbers] == list(range(100))


def test_clients_that_poll_in_step_are_all_told_of_sooner_or_later() -> None:
    ledger = Ledger()
    numbers = told(PollSampler(ledger, Random(1).randrange), ledger, 1000)
    assert {number % 10 for number in numbers} == set(range(10))


def test_a_poll_tells_the_upload_its_stage_and_its_progress() -> None:
    ledger = Ledger()
    told(PollSampler(ledger, lambda _: 9), ledger, 10)
    (capture,) = ledger.captures
    assert (capture.name, capture.upload_id) == ("status_poll", UPLOAD_ID)
    assert capture.properties == {"stage": Stage.GENERATING, "progress": 9}
    assert capture.id is None
