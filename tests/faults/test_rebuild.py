"""The read model is thrown away and built again, while a hundred jobs run and are polled: no client notices."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from tests.acceptance.clients import Api, Watch
from tests.acceptance.service import Service, running
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import picture, when
from tests.photos.variants import stamp
from tests.waiting import until

JOBS = 100
ANSWERED = 80
"""Pictures that the model makes at once; it keeps the rest until the last rebuild is done."""
PACE_SECONDS = 1.0
"""Of each of the hundred pollers: faster than in life, and slow enough to leave the machine to the jobs."""


def test_rebuilds_while_a_hundred_jobs_run_change_nothing_and_no_poll_is_answered_wrongly() -> None:
    with FakeGemini() as gemini:
        settings = {"GEMINI_API_KEY": gemini.key, "GEMINI_BASE_URL": gemini.url}
        rebuilt = threading.Event()
        gemini.answer_with(*[picture()] * ANSWERED)
        gemini.always_answer_with(when(rebuilt, picture()))
        with running(**settings) as service, Api(service.url) as api:
            with ThreadPoolExecutor(8) as executor:
                jobs = list(executor.map(lambda _: api.submit(stamp()), range(JOBS)))
            with Watch(api, *jobs, pace=PACE_SECONDS) as watch:
                for ended in (1, JOBS // 4, JOBS // 2, JOBS * 3 // 4):
                    until(lambda n=ended: has_ended(watch) >= n, f"{ended} do not end:\n{service.output}")  # type: ignore[misc] # mypy knows no default of a lambda
                    rebuild(service)
                assert has_ended(watch) <= ANSWERED
                rebuilt.set()
                watch.until_complete()
            assert [poller.refusals for poller in watch.pollers] == [0] * JOBS
            assert len(gemini.calls) == JOBS
            service.assert_verified()
            rows = read_model(service)
            rebuild(service)
            assert read_model(service) == rows


def has_ended(watch: Watch) -> int:
    """How many jobs have."""
    return sum(poller.ended for poller in watch.pollers)


def rebuild(service: Service) -> None:
    """Build the read model again, beside the service."""
    done = service.run("project", "--rebuild", "--data", service.data)
    assert done.returncode == 0, done.stdout + done.stderr


def read_model(service: Service) -> list[tuple[Any, ...]]:
    """Every row of it."""
    with psycopg.connect(service.addresses.database_url) as connection:
        return [
            *connection.execute("SELECT to_jsonb(u) FROM uploads u ORDER BY upload_id"),
            *connection.execute("SELECT to_jsonb(r) FROM results r ORDER BY upload_id"),
        ]
