"""A run that lives and is slow is left alone, by a reconciler that notices at once when a worker is lost."""

import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from domain.stages import Status
from tests.fakes.gemini_replies import after, picture, when
from tests.faults.plant import Plant, running_plant
from tests.faults.processes import LEASE_SECONDS
from workers.queue.actors import DramatiqQueue
from workers.queue.broker import run_broker

SLOW_SECONDS = 5 * float(LEASE_SECONDS)


@pytest.fixture
def plant(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Plant]:
    with running_plant(database_url, valkey_url, tmp_path, dispatches=False) as plant:
        yield plant


def test_a_run_that_takes_five_leases_is_not_taken_over_while_one_whose_worker_died_beside_it_is(plant: Plant) -> None:
    gate = Event()
    plant.gemini.answer_with(after(SLOW_SECONDS, when(gate, picture())))
    dispatch = plant.dispatch()
    plant.worker(WORKER_THREADS="1")
    slow = plant.submit()
    plant.gemini.wait_for_calls(1, timeout=30)
    doomed = plant.worker("generate.called=kill", ready=False)
    lost = plant.submit()
    doomed.ended(30)
    plant.worker()
    for _ in range(3):  # a queue may say everything twice
        DramatiqQueue(run_broker(plant.redis)).send(slow)

    assert plant.until_ended(lost) == [Status.COMPLETED]
    assert not plant.upload(slow).ended
    gate.set()
    assert plant.until_ended(slow) == [Status.COMPLETED]
    assert [len(plant.actors(upload_id)) for upload_id in (slow, lost)] == [1, 2]
    assert len(plant.gemini.calls) == 2
    sent = [json.loads(line) for line in dispatch.output.splitlines() if "reconciler.sent" in line]
    assert {line["upload_id"] for line in sent} == {str(lost)}, sent
    plant.assert_verified()
