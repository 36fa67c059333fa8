"""The service stops, or is killed as a whole, and is started again on the same data."""

import signal
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from tests.acceptance.clients import Api, Job, Watch
from tests.acceptance.service import Service, assert_gone
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import picture, when
from tests.photos.variants import NAMES, photo
from tests.servers import open_folder


@pytest.fixture
def folder() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


@pytest.fixture
def gemini() -> Iterator[FakeGemini]:
    with FakeGemini() as gemini:
        yield gemini


def start(folder: Path, gemini: FakeGemini, port: int | None = None) -> Service:
    """A service whose worker does one run at a time."""
    settings = {"WORKER_THREADS": "1", "GEMINI_API_KEY": gemini.key, "GEMINI_BASE_URL": gemini.url}
    return Service(folder, settings, port=port)


def leave_work(api: Api, gemini: FakeGemini) -> tuple[Job, list[Job]]:
    """A job that has just come to its end, and three that have not: the next one begins, the others wait."""
    seen = Event()
    gemini.answer_with(picture())
    gemini.always_answer_with(when(seen, picture()))
    first, *others = (api.submit(photo(name)) for name in ("cat", *NAMES))
    with Watch(api, first) as watch:
        watch.until_complete()
    assert not any(api.status(job)["isTerminal"] for job in others)
    seen.set()
    return first, others


def test_after_a_stop_and_a_start_results_are_there_and_what_waited_goes_on(folder: Path, gemini: FakeGemini) -> None:
    with start(folder, gemini) as service, Api(service.url) as api:
        service.wait_until_ready()
        done, waiting = leave_work(api, gemini)
        before, picture_before = api.status(done), api.preview(done)
        service.stop(signal.SIGINT)  # as Ctrl-C does
        with start(folder, gemini, service.port) as again:
            again.wait_until_ready()
            assert api.status(done) == before
            assert api.preview(done) == picture_before
            with Watch(api, *waiting) as watch:
                watch.until_complete()
            again.assert_verified()


def test_a_kill_of_the_whole_service_leaves_no_process_and_loses_nothing(folder: Path, gemini: FakeGemini) -> None:
    with start(folder, gemini) as service, Api(service.url) as api:
        service.wait_until_ready()
        done, waiting = leave_work(api, gemini)
        assert_gone(service.kill())
        verified = service.run("verify", "--data", service.data)
        assert verified.returncode == 2
        assert "No Darkroom runs on" in verified.stderr
        with start(folder, gemini, service.port) as again:
            again.wait_until_ready()
            assert api.status(done)["status"] == "completed"
            with Watch(api, *waiting) as watch:
                watch.until_complete()
            again.assert_verified()
