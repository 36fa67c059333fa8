"""Slots for image children: runs of the first lane come first, and those that stand behind leave one free."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import count

import pytest

from tests.waiting import until
from workers.confinement.image_slots import ImageSlots
from workers.queue.lanes import BEHIND, FIRST, threads_of_lanes


class Taker:
    """A thread that takes a slot as a run of a lane, and keeps it until it is told."""

    def __init__(self, slots: ImageSlots, *, behind: bool) -> None:
        self.has_begun, self.has_slot, self._done = threading.Event(), threading.Event(), threading.Event()
        self._slots, self._behind = slots, behind
        self._thread = threading.Thread(target=self._take, daemon=True)
        self._thread.start()
        assert self.has_begun.wait(30)

    def _take(self) -> None:
        with self._slots.run(behind=self._behind):
            self.has_begun.set()
            with self._slots.taken():
                self.has_slot.set()
                self._done.wait()

    def leave(self) -> None:
        self._done.set()
        self._thread.join(30)


@contextmanager
def taking(slots: ImageSlots, *, behind: bool) -> Iterator[Taker]:
    taker = Taker(slots, behind=behind)
    try:
        yield taker
    finally:
        taker.leave()


def waiting(slots: ImageSlots) -> int:
    """How many of the first lane wait."""
    return sum(not waiter.behind for waiter in vars(slots)["_waiting"])


def test_alone_those_behind_take_every_place() -> None:
    slots = ImageSlots(2)
    with taking(slots, behind=True) as one, taking(slots, behind=True) as two:
        assert one.has_slot.wait(30)
        assert two.has_slot.wait(30)


def test_while_a_run_of_the_first_lane_is_under_way_one_place_stays_free_for_it() -> None:
    slots = ImageSlots(2)
    with ExitStack() as stack:
        with slots.run(behind=False):
            one, two = (stack.enter_context(taking(slots, behind=True)) for _ in range(2))
            until(lambda: one.has_slot.is_set() or two.has_slot.is_set(), "neither has the other slot")
            with slots.taken():
                assert not (one.has_slot.is_set() and two.has_slot.is_set())
            assert not (one.has_slot.is_set() and two.has_slot.is_set())
        assert one.has_slot.wait(30)
        assert two.has_slot.wait(30)


def test_a_run_of_the_first_lane_comes_before_those_that_waited_longer() -> None:
    slots = ImageSlots(1)
    with ExitStack() as stack:
        holder = stack.enter_context(taking(slots, behind=True))
        assert holder.has_slot.wait(30)
        later = stack.enter_context(taking(slots, behind=True))
        first = stack.enter_context(taking(slots, behind=False))
        until(lambda: waiting(slots) == 1, "the first lane does not wait")
        holder.leave()
        assert first.has_slot.wait(30)
        assert not later.has_slot.is_set()
        first.leave()
        assert later.has_slot.wait(30)


@pytest.mark.parametrize("count", [1, 2])
def test_a_first_lane_that_never_lets_up_does_not_keep_those_behind_out(
    monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr("workers.confinement.image_slots.SHARE_SECONDS", 0.05)
    slots, done = ImageSlots(count), threading.Event()

    def take_again_and_again() -> None:
        while not done.is_set():
            with slots.run(behind=False), slots.taken():
                # None leaves before another one waits: there is always one of the first lane for the free slot.
                until(lambda: waiting(slots) > 0 or done.is_set(), "the first lane is not busy")

    with ThreadPoolExecutor(4) as pool, ExitStack() as stack:
        stack.callback(done.set)
        for _ in range(4):
            pool.submit(take_again_and_again)
        until(lambda: waiting(slots) > 0, "the first lane is not busy")
        behind = [stack.enter_context(taking(slots, behind=True)) for _ in range(2)]
        for taker in behind:
            assert taker.has_slot.wait(60)
            taker.leave()


def test_a_slot_wakes_the_one_whose_turn_it_is_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    slots, woken = ImageSlots(1), count()

    class Counted(threading.Condition):
        def wait(self, timeout: float | None = None) -> bool:
            is_woken = super().wait(timeout)
            if vars(self)["_lock"] is vars(slots)["_lock"]:  # an Event has a condition, too
                next(woken)
            return is_woken

    monkeypatch.setattr("workers.confinement.image_slots.threading.Condition", Counted)
    with ExitStack() as stack:
        takers = [stack.enter_context(taking(slots, behind=False)) for _ in range(12)]
        until(lambda: waiting(slots) == 11, "not all wait")
        until(lambda: sum(taker.has_slot.is_set() for taker in takers) == 1, "none has the slot")
        left: list[Taker] = []
        while len(left) < len(takers):
            until(lambda: sum(taker.has_slot.is_set() for taker in takers) > len(left), "none is next")
            taker = next(taker for taker in takers if taker.has_slot.is_set() and taker not in left)
            taker.leave()
            left.append(taker)
    assert next(woken) <= 11


def test_never_more_have_a_place_than_there_are() -> None:
    slots, inside, most = ImageSlots(3), 0, 0
    lock = threading.Lock()

    def take(number: int) -> None:
        nonlocal inside, most
        with slots.run(behind=bool(number % 2)), slots.taken():
            with lock:
                inside += 1
                most = max(most, inside)
            with lock:
                inside -= 1

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(take, range(400)))
    assert (inside, 0 < most <= 3) == (0, True)


@pytest.mark.parametrize(("threads", "behind"), [(1, 1), (2, 1), (4, 3), (8, 6), (256, 192)])
def test_a_quarter_of_the_threads_stays_for_the_first_lane(threads: int, behind: int) -> None:
    assert threads_of_lanes(threads) == {FIRST: threads, BEHIND: behind}
