"""A worker that is asked to stop: what it cannot finish goes on elsewhere at once, and it is gone in time."""

from collections.abc import Callable
from signal import SIGTERM
from time import monotonic
from uuid import UUID

import pytest

from domain.events import AttemptFailed, AttemptStarted
from domain.stages import Status
from tests.fakes.gemini_replies import after, hang, picture
from tests.faults.plant import Plant
from tests.linux_processes import frozen
from tests.waiting import BUSY_SECONDS

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


@pytest.mark.parametrize("order", [sorted, lambda seconds: sorted(seconds, reverse=True), lambda seconds: seconds])
def test_runs_that_end_within_the_grace_are_not_paid_twice_whatever_their_order(
    plant: Plant, order: Callable[[list[float]], list[float]]
) -> None:
    plant.gemini.answer_with(
        *(after(seconds, picture()) for seconds in order([9.3, 5.0, 7.9, 2.0, 8.6, 4.1, 6.5, 3.0]))
    )
    upload_ids = [plant.submit() for _ in range(8)]
    stopping = plant.worker("--grace", "25", "--stop", "40")
    plant.gemini.wait_for_calls(8, timeout=30)
    stopping.send(SIGTERM)

    assert stopping.ended(60) == 0, stopping.output
    assert [plant.upload(upload_id).status for upload_id in upload_ids] == [Status.COMPLETED] * 8
    assert len(plant.gemini.calls) == 8


@pytest.mark.parametrize("server", ["PostgreSQL", "Redis"])
def test_a_worker_stops_in_time_while_a_server_is_frozen_and_its_upload_completes_elsewhere(
    plant: Plant, server: str
) -> None:
    plant.gemini.answer_with(hang())
    upload_id = plant.submit()
    stopping = plant.worker(*SHORT)
    plant.gemini.wait_for_calls(1, timeout=30)
    with frozen(postgres_process(plant) if server == "PostgreSQL" else redis_process(plant)):
        asked_at = monotonic()
        stopping.send(SIGTERM)
        stopping.ended(20)
        assert monotonic() - asked_at < 4 + BUSY_SECONDS
    plant.worker()

    assert plant.until_ended(upload_id) == [Status.COMPLETED]
    assert plant.upload(upload_id).attempt == 2


def postgres_process(plant: Plant) -> int:
    """The server."""
    with plant.pool.connection() as connection:
        row = connection.execute("SELECT pg_read_file('postmaster.pid')").fetchone()
    return int(str(row[0] if row else "").splitlines()[0])


def redis_process(plant: Plant) -> int:
    """The server."""
    return int(plant.redis.info("server")["process_id"])


def seconds_until_it_went_on(plant: Plant, upload_id: UUID) -> float:
    """Between the end of its first attempt and the beginning of its second."""
    history = plant.event_log.history(upload_id)
    (ended,) = [logged.recorded_at for logged in history if logged.name == AttemptFailed.NAME]
    began = [logged.recorded_at for logged in history if logged.name == AttemptStarted.NAME]
    return (began[1] - ended).total_seconds()
