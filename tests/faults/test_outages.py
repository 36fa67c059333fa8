"""Gemini, PostgreSQL or the budget is away for a while: uploads wait, and none of them fails because of it."""

from app.embedded.postgres import EmbeddedPostgres
from domain.failures import FailureCode
from domain.stages import Status
from projections.log.schema import migrate
from tests.fakes.gemini_replies import after, picture, status
from tests.faults.plant import Plant, running_plant
from tests.servers import open_folder
from tests.waiting import until
from workers.runs.calls import FAILURES


def test_a_model_that_is_down_is_not_called_by_every_upload_in_turn_and_all_complete_once_it_is_back(
    plant: Plant,
) -> None:
    plant.gemini.always_answer_with(status(503))
    jobs = [plant.submit() for _ in range(12)]
    for _ in range(2):
        plant.worker(WORKER_THREADS="4", ready=False)
    until(lambda: waiting_for(plant, FailureCode.GENERATION_PAUSED) >= 4, "no upload waits")
    made = len(plant.gemini.calls)
    plant.gemini.always_answer_with(picture())

    assert plant.until_ended(*jobs, seconds=60) == [Status.COMPLETED] * 12
    assert made <= FAILURES + 8 + 2, "beyond those that open it: the runs under way then, and a probe or two"
    assert max(plant.upload(job).attempt for job in jobs) <= 3
    assert "GENERATION_PAUSED" in {code for job in jobs for code in plant.codes(job)}


def test_beyond_the_budget_uploads_wait_without_a_failed_attempt_and_say_so(plant: Plant) -> None:
    jobs = [plant.submit() for _ in range(8)]
    for _ in range(2):
        plant.worker(GENERATION_BUDGET_PER_HOUR="3", WORKER_THREADS="4", ready=False)
    until(lambda: waiting_for(plant, FailureCode.GENERATION_BUDGET_SPENT) == 5, "they do not wait")
    waiting = [upload for upload in map(plant.upload, jobs) if upload.waiting_for]
    assert {(upload.attempts_left, upload.running) for upload in waiting} == {(3, False)}
    called = [job for job in jobs if job not in {upload.id for upload in waiting}]

    assert plant.until_ended(*called) == [Status.COMPLETED] * 3
    assert len(plant.gemini.calls) == 3


def test_a_database_that_is_away_for_longer_than_a_lease_costs_no_run_under_way_its_attempt(valkey_url: str) -> None:
    with open_folder() as folder, open_folder() as data, EmbeddedPostgres(data) as postgres:
        migrate(postgres.url)
        with running_plant(postgres.url, valkey_url, folder) as plant:
            plant.gemini.always_answer_with(after(1, picture()))
            jobs = [plant.submit() for _ in range(4)]
            worker = plant.worker()
            plant.gemini.wait_for_calls(4, timeout=30)
            postgres.stop()
            until(lambda: worker.output.count("leases.beat_missed") >= 3, "no beat is missed")
            with EmbeddedPostgres(data):
                assert plant.until_ended(*jobs) == [Status.COMPLETED] * 4
                assert [plant.upload(job).attempt for job in jobs] == [1, 1, 1, 1]
                assert len(plant.gemini.calls) == 4
                worker.end()
                plant.close()


def waiting_for(plant: Plant, code: FailureCode) -> int:
    """How many uploads say that they wait for it."""
    with plant.pool.connection() as connection:
        row = connection.execute("SELECT count(*) FROM uploads WHERE waiting_for = %s", (code,)).fetchone()
    return int(row[0]) if row else 0
