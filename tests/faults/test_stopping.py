"""A worker that is asked to stop: what it cannot finish goes on elsewhere at once, and it is gone in time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from signal import SIGCONT, SIGSTOP, SIGTERM
from time import monotonic
from uuid import UUID

import pytest

from domain.events import AttemptFailed, AttemptStarted
from domain.stages import Status
from tests.acceptance.service import descendants
from tests.fakes.gemini_replies import hang
from tests.faults.plant import Plant

SHORT = ("--grace", "1", "--stop", "4")


def test_a_worker_that_stops_hands_its_runs_over_at_once_and_a_second_request_changes_nothing(plant: Plant) -> None:
    plant.gemini.answer_with(hang())
    upload_id = plant.submit()
    stopping = plant.worker(*SHORT)
    plant.gemini.wait_for_calls(1, timeout=30)
    plant.worker()
    stopping.send(SIGTERM)
    stopping.send(SIGTERM)

    assert stopping.ended(30) == 0, stopping.output
    assert plant.until_ended(upload_id) == [Status.COMPLETED]
    assert plant.codes(upload_id) == ["WORKER_STOPPED"]
    assert plant.upload(upload_id).attempts_left == 2
    assert seconds_until_it_went_on(plant, upload_id) < 5


@pytest.mark.parametrize("server", ["PostgreSQL", "Redis"])
def test_a_worker_stops_in_time_while_a_server_is_frozen_and_its_upload_completes_elsewhere(
    plant: Plant, server: str
) -> None:
    plant.gemini.answer_with(hang())
    upload_id = plant.submit()
    stopping = plant.worker(*SHORT)
    plant.gemini.wait_for_calls(1, timeout=30)
    with frozen(postgres_processes(plant) if server == "PostgreSQL" else redis_process(plant)):
        asked_at = monotonic()
        stopping.send(SIGTERM)
        stopping.ended(20)
        assert monotonic() - asked_at < 10, "it has 4 s, and a busy machine some more"
    plant.worker()

    assert plant.until_ended(upload_id) == [Status.COMPLETED]
    assert plant.upload(upload_id).attempt == 2


@contextmanager
def frozen(pids: list[int]) -> Iterator[None]:
    """Stop these processes for a while."""
    for pid in pids:
        os.kill(pid, SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, SIGCONT)


def postgres_processes(plant: Plant) -> list[int]:
    """The server and every process of it."""
    with plant.pool.connection() as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    postmaster = int(str(row[0] if row else "").splitlines()[0])
    return [postmaster, *descendants(postmaster)]


def redis_process(plant: Plant) -> list[int]:
    """The server."""
    return [int(plant.redis.info("server")["process_id"])]


def seconds_until_it_went_on(plant: Plant, upload_id: UUID) -> float:
    """Between the end of its first attempt and the beginning of its second."""
    history = plant.event_log.history(upload_id)
    (ended,) = [logged.recorded_at for logged in history if logged.name == AttemptFailed.NAME]
    began = [logged.recorded_at for logged in history if logged.name == AttemptStarted.NAME]
    return (began[1] - ended).total_seconds()
