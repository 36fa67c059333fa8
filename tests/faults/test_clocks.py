"""Workers whose clocks are minutes apart: what they write down for each other is PostgreSQL's time.

Nothing is early, late or done twice.
"""

from threading import Event

from domain.stages import Status
from tests.fakes.gemini_replies import after, picture, status, when
from tests.faults.plant import Plant

AHEAD, BEHIND = ("--clock", "90"), ("--clock", "-90")


def test_a_retry_comes_in_its_time_whichever_process_wrote_it_down_and_does_it(plant: Plant) -> None:
    both = Event()
    plant.gemini.answer_with(*[when(both, status(503))] * 4, *[when(both, picture())] * 2)
    jobs = [plant.submit() for _ in range(6)]
    for clock in (AHEAD, BEHIND):
        plant.worker(*clock, WORKER_THREADS="3", ready=False)
    plant.gemini.wait_for_calls(6)  # three of each
    both.set()

    assert plant.until_ended(*jobs, seconds=60) == [Status.COMPLETED] * 6
    assert len(plant.gemini.calls) == 6 + 4
    assert len({actor for job in jobs for actor in plant.actors(job)}) == 2, "one of them did it all"


def test_a_run_that_lives_is_left_alone_by_one_whose_clock_says_that_it_is_dead(plant: Plant) -> None:
    plant.gemini.always_answer_with(after(8, picture()))
    slow = plant.submit()
    plant.worker()
    plant.gemini.wait_for_calls(1, timeout=30)
    plant.worker(*AHEAD)

    assert plant.until_ended(slow) == [Status.COMPLETED]
    assert (len(plant.gemini.calls), plant.upload(slow).attempt) == (1, 1)
