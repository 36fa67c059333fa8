"""The gate of a worker process: which runs may execute at the same time."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from tests.waiting import until
from workers.runs import gate
from workers.runs.gate import Gate


class Visitor:
    """A run in a thread of its own, which stays inside until it is told to leave."""

    def __init__(self, gate: Gate, losses: int) -> None:
        self.inside = Event()
        self.let_in: bool | None = None
        self._leaving = Event()
        self._thread = Thread(target=self._visit, args=(gate, losses), daemon=True)
        self._thread.start()

    def _visit(self, gate: Gate, losses: int) -> None:
        with gate.entered(losses) as self.let_in:
            if self.let_in:
                self.inside.set()
                self._leaving.wait(10)

    def is_inside(self, seconds: float = 5) -> bool:
        return self.inside.wait(seconds)

    def leave(self) -> None:
        self._leaving.set()
        self._thread.join(10)


@contextmanager
def at(gate: Gate, *losses: int) -> Iterator[list[Visitor]]:
    """Visitors who arrive in this order."""
    visitors = []
    for one in losses:
        visitors.append(Visitor(gate, one))
        until(lambda v=visitors[-1]: v.inside.is_set() or len(gate._waiting) > 0, "no visitor came")  # type: ignore[misc] # noqa: SLF001 - nothing else tells who waits
    yield visitors
    for visitor in visitors:
        visitor.leave()


def test_runs_that_never_lost_a_worker_go_on_beside_each_other() -> None:
    with at(Gate(8), *[0] * 8) as visitors:
        assert all(visitor.is_inside() for visitor in visitors)


def test_after_one_loss_a_few_go_on_beside_each_other() -> None:
    with at(Gate(8), 1, 1, 1, 1) as visitors:
        assert all(visitor.is_inside() for visitor in visitors[:3])
        assert not visitors[3].is_inside(0.2)
        visitors[0].leave()
        assert visitors[3].is_inside()


def test_after_two_losses_a_run_is_alone() -> None:
    with at(Gate(8), 2, 0) as (suspect, other):
        assert suspect.is_inside()
        assert not other.is_inside(0.2)
        suspect.leave()
        assert other.is_inside()


def test_a_run_that_has_to_be_alone_waits_until_all_have_left_and_is_not_overtaken() -> None:
    with at(Gate(8), 0, 2, 0) as (first, suspect, late):
        assert first.is_inside()
        assert not suspect.is_inside(0.2)
        assert not late.is_inside(0.2)
        first.leave()
        assert suspect.is_inside()
        suspect.leave()
        assert late.is_inside()


def test_a_run_that_takes_long_has_to_bear_company_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "PATIENCE_SECONDS", 0.3)
    with at(Gate(8), 2, 0) as (suspect, other):
        assert suspect.is_inside()
        assert other.is_inside()


def test_a_closed_gate_lets_no_run_in_and_none_wait() -> None:
    closing = Gate(1)
    with at(closing, 0, 0) as (inside, waiting):
        assert inside.is_inside()
        closing.close()
        waiting.leave()
        assert waiting.let_in is False
