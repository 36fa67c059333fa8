"""Processes are killed in the middle of the work: every upload completes, without help."""

from collections import Counter
from collections.abc import Iterator
from signal import SIGSTOP
from threading import Event
from typing import NamedTuple

import httpx
import pytest
from redis import Redis

from tests.acceptance.clients import Api, Job, Watch
from tests.acceptance.service import Service, running
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import hang, picture, when
from tests.linux_processes import command_and_environment, descendants, signal_all
from tests.photos.variants import NAMES, photo
from tests.waiting import until

QUEUE = "dramatiq:runs"


class Scene(NamedTuple):
    """A service whose worker does two runs at a time, and the image model that they wait for."""

    service: Service
    api: Api
    gemini: FakeGemini

    def submit_and_let_it_generate(self, name: str) -> Job:
        """A job whose call of the image model is under way."""
        already = len(self.gemini.calls)
        job = self.api.submit(photo(name))
        self.gemini.wait_for_calls(already + 1, timeout=30)
        return job

    def is_refused_after_a_kill_of(self, child: str, watch: Watch) -> bool:
        """Kill the child, and tell whether a poller has been asked for patience by now."""
        self.service.kill_child(child)
        return any(poller.refusals for poller in watch.pollers)


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with FakeGemini() as gemini:
        settings = {"GEMINI_API_KEY": gemini.key, "GEMINI_BASE_URL": gemini.url, "WORKER_THREADS": "2"}
        with running(**settings) as service, Api(service.url) as api:
            yield Scene(service, api, gemini)


@pytest.fixture(autouse=True)
def _clean_ledger(scene: Scene) -> None:
    scene.gemini.calls.clear()
    scene.gemini.always_answer_with(picture())


def fork_servers(service: Service) -> list[int]:
    """The processes whose children open pictures; as root they are not the worker's but the supervisor's children."""
    found = [pid for pid in descendants(service.pid) if b"workers.imaging.child" in command_and_environment(pid)[0]]
    assert found
    return found


def calls_by_photo(gemini: FakeGemini) -> list[int]:
    """How often the image model was asked, for each photo that it has seen."""
    return sorted(Counter(call.sha256 for call in gemini.calls).values())


def test_uploads_of_a_killed_worker_complete_and_an_answer_that_was_kept_is_not_asked_for_again(scene: Scene) -> None:
    scene.gemini.answer_with(hang())
    generating = scene.submit_and_let_it_generate("coffee")
    answers = Event()
    scene.gemini.answer_with(when(answers, picture()))
    keeping = scene.submit_and_let_it_generate("cat")
    # Without a fork server the worker opens no picture: the kill falls after the answer was kept and before the end.
    signal_all(fork_servers(scene.service), SIGSTOP)
    answers.set()
    with Watch(scene.api, generating, keeping) as watch:
        until(lambda: watch.pollers[1].last["progress"] >= 70, "no answer was kept")
        assert watch.pollers[0].last["stage"] == "generating"
        scene.service.kill_child("work")
        watch.until_complete()
    assert [poller.last["attempt"] for poller in watch.pollers] == [2, 2]
    assert calls_by_photo(scene.gemini) == [1, 2]
    scene.service.assert_verified()


@pytest.mark.parametrize("child", ["project", "dispatch", "serve", "postgres", "valkey"])
def test_while_a_process_is_killed_and_comes_back_every_upload_completes_and_every_poll_is_answered(
    scene: Scene, child: str
) -> None:
    answers = Event()
    scene.gemini.always_answer_with(when(answers, picture()))
    others = {name: pid for name, pid in scene.service.pids.items() if name != child}
    jobs = [scene.submit_and_let_it_generate("coffee"), scene.api.submit(photo("cat")), scene.api.submit(photo("cat"))]
    with Watch(scene.api, *jobs, tolerates=httpx.TransportError if child == "serve" else ()) as watch:
        answers.set()  # the answer comes while the process is away
        scene.service.kill_child(child)
        watch.until_complete()
    assert {name: scene.service.pid_of(name) for name in others} == others
    assert [poller.last["attempt"] for poller in watch.pollers] == [1, 1, 1]
    scene.service.assert_verified()


def test_while_postgresql_stays_away_everybody_is_told_when_to_come_again_and_no_upload_fails_for_it(
    scene: Scene,
) -> None:
    answers = Event()
    scene.gemini.always_answer_with(when(answers, picture()))
    with Watch(scene.api, scene.submit_and_let_it_generate("coffee"), scene.api.submit(photo("cat"))) as watch:
        answers.set()
        # One kill is healed in a second, and no client notices: it takes some in a row.
        until(lambda: scene.is_refused_after_a_kill_of("postgres", watch), "PostgreSQL's absence was never noticed", 60)
        response = scene.api.post(photo("rocket"))
        assert response.status_code in {202, 503}, response.text
        assert response.is_success or "Retry-After" in response.headers
        watch.until_complete()
    scene.service.assert_verified()


def test_a_flushed_redis_loses_no_upload(scene: Scene) -> None:
    answers = Event()
    scene.gemini.always_answer_with(when(answers, picture()))
    jobs = [scene.api.submit(photo(NAMES[number % 3])) for number in range(6)]
    with Watch(scene.api, *jobs) as watch, Redis.from_url(scene.service.addresses.redis_url) as redis:
        until(lambda: redis.llen(QUEUE) == 4, "two runs under way and four in the queue were expected")
        redis.flushall()
        answers.set()
        watch.until_complete()
    assert len(scene.gemini.calls) == 6
    scene.service.assert_verified()
