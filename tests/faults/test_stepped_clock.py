"""PostgreSQL's clock is stepped under runs: nothing waits for as long as the step, and nothing is paid twice."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from domain.stages import Status
from tests.fakes.gemini_replies import after, picture, status
from tests.faults.plant import Plant, running_plant
from tests.stepped_clock import SteppedClock
from tests.waiting import until

BACK = (timedelta(minutes=-11), timedelta(hours=-1))
AHEAD = timedelta(hours=1)


@pytest.fixture
def plant(clock: SteppedClock, empty_database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Plant]:
    """A plant on a database whose clock can be stepped."""
    assert clock
    with running_plant(empty_database_url, valkey_url, tmp_path) as plant:
        yield plant


@pytest.mark.parametrize("step", BACK)
def test_after_a_step_back_the_uploads_of_killed_workers_go_on_at_once(
    plant: Plant, clock: SteppedClock, step: timedelta
) -> None:
    plant.gemini.always_answer_with(after(3, picture()))
    jobs = [plant.submit() for _ in range(6)]
    workers = [plant.worker(WORKER_THREADS="3") for _ in range(2)]
    plant.gemini.wait_for_calls(4, timeout=60)
    clock.step(step)
    for worker in workers:
        worker.end()
    plant.gemini.always_answer_with(picture())
    plant.worker(WORKER_THREADS="3")

    assert plant.until_ended(*jobs, seconds=90) == [Status.COMPLETED] * 6
    plant.assert_verified()


@pytest.mark.parametrize("step", BACK)
def test_after_a_step_back_a_retry_comes_in_its_time(plant: Plant, clock: SteppedClock, step: timedelta) -> None:
    plant.gemini.answer_with(*[status(503)] * 3)
    jobs = [plant.submit() for _ in range(3)]
    plant.worker()
    until(lambda: all(map(plant.codes, jobs)), "no attempt fails")
    clock.step(step)

    assert plant.until_ended(*jobs, seconds=90) == [Status.COMPLETED] * 3
    plant.assert_verified()


def test_after_a_step_back_verify_finds_what_nothing_moves(plant: Plant, clock: SteppedClock) -> None:
    plant.gemini.always_answer_with(after(60, picture()))
    stranded = plant.submit()
    worker = plant.worker()
    plant.gemini.wait_for_calls(1, timeout=30)
    worker.end()
    clock.step(BACK[0])

    with pytest.raises(AssertionError, match=rf"upload {stranded}: it stands still since [6-9]\d\d s"):
        plant.assert_verified()


def test_a_step_ahead_takes_no_upload_from_a_live_run(plant: Plant, clock: SteppedClock) -> None:
    plant.gemini.always_answer_with(after(6, picture()))
    jobs = [plant.submit() for _ in range(3)]
    plant.worker(WORKER_THREADS="3")
    plant.gemini.wait_for_calls(3, timeout=60)
    plant.worker(WORKER_THREADS="3")
    clock.step(AHEAD)

    assert plant.until_ended(*jobs) == [Status.COMPLETED] * 3
    assert (len(plant.gemini.calls), [len(plant.actors(job)) for job in jobs]) == (3, [1, 1, 1])
    plant.assert_verified()
