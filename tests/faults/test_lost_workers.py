"""Workers that are killed, stopped or frozen at an exact place: what was theirs goes on, and nothing is done twice."""

from signal import SIGCONT
from uuid import UUID

import pytest

from domain.failures import FailureCode
from domain.stages import Status
from tests.fakes.gemini_replies import after, picture
from tests.faults.plant import Plant
from tests.faults.processes import WorkerProcess
from tests.waiting import until


def test_an_upload_that_kills_its_worker_is_failed_after_three_attempts_and_twenty_beside_it_complete(
    plant: Plant,
) -> None:
    plant.gemini.always_answer_with(after(0.3, picture()))
    poison = plant.submit()
    others = [plant.submit() for _ in range(20)]
    deaths = 0
    worker = plant.worker(f"generate.answered=kill,upload={poison}")
    while not plant.upload(poison).ended:
        until(lambda w=worker: w.has_ended or plant.upload(poison).ended, "it kills no worker", 60)  # type: ignore[misc] # mypy knows no default of a lambda
        if worker.has_ended:
            deaths += 1
            worker = plant.worker(f"generate.answered=kill,upload={poison}")

    assert plant.until_ended(*others) == [Status.COMPLETED] * 20
    assert (plant.upload(poison).error_code, plant.upload(poison).attempt, deaths) == (FailureCode.WORKER_LOST, 3, 3)
    assert {(plant.upload(other).attempts_left, plant.upload(other).lost) for other in others} == {(2, 0)}
    assert max(plant.upload(other).attempt for other in others) <= 3


@pytest.mark.parametrize(
    ("point", "calls"),
    [("generate.answered", 2), ("answer.kept", 1), ("full.stored", 1), ("append.ResultStored", 1)],
)
def test_a_worker_that_dies_before_it_keeps_the_answer_costs_one_more_call_and_after_it_none(
    plant: Plant, point: str, calls: int
) -> None:
    upload_id = plant.submit()
    plant.worker(f"{point}=kill").ended(30)
    plant.worker()

    assert plant.until_ended(upload_id) == [Status.COMPLETED]
    assert (plant.upload(upload_id).attempt, len(plant.gemini.calls)) == (2, calls)


def test_a_worker_that_was_frozen_before_its_call_pays_nothing_and_appends_nothing(plant: Plant) -> None:
    upload_id = plant.submit()
    frozen = plant.worker("generate.asking=freeze")
    frozen.wait_until_frozen()
    plant.worker()

    assert plant.until_ended(upload_id) == [Status.COMPLETED]
    wake(plant, frozen, upload_id)
    assert len(plant.gemini.calls) == 1


@pytest.mark.parametrize("point", ["generate.answered", "append.ResultStored", "append.PreviewStored"])
def test_a_worker_that_was_frozen_later_overwrites_nothing_either(plant: Plant, point: str) -> None:
    upload_id = plant.submit()
    frozen = plant.worker(f"{point}=freeze")
    frozen.wait_until_frozen()
    plant.worker()

    assert plant.until_ended(upload_id) == [Status.COMPLETED]
    wake(plant, frozen, upload_id)


def test_a_worker_that_was_frozen_and_is_alone_goes_on_when_it_wakes_and_pays_once(plant: Plant) -> None:
    upload_id = plant.submit()
    frozen = plant.worker("generate.asking=freeze")
    frozen.wait_until_frozen()
    until(lambda: not plant.is_leased(upload_id), "the lease does not expire")
    frozen.send(SIGCONT)

    assert plant.until_ended(upload_id) == [Status.COMPLETED]
    assert len(plant.gemini.calls) == 1


def wake(plant: Plant, frozen: WorkerProcess, upload_id: UUID) -> None:
    """Wake a worker whose upload is complete without it, and see that this changes nothing."""
    history, objects = plant.history(upload_id), plant.objects(upload_id)
    frozen.send(SIGCONT)
    until(lambda: "attempt.over" in frozen.output, f"it does not notice:\n{frozen.output}")

    assert plant.history(upload_id) == history
    assert objects.items() <= plant.objects(upload_id).items()
    assert len(plant.actors(upload_id)) == 2
