"""Held polls and the stream: what a client is told as it happens, over real sockets and Redis."""

import json
import signal
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import httpx
import pytest
from msgspec import Struct
from redis import Redis

from app.signing.sessions import Session, Sessions
from domain.failures import FailureCode
from domain.stages import Stage
from projections.log.notifications import PROJECTED, RedisNotifier
from projections.rows.projector import projector
from tests.api_services import KEYS
from tests.integration.api.service import error_of
from tests.integration.api.serving import Server, running
from tests.lives import WORKER, Lives
from tests.waiting import BUSY_SECONDS, until

AT_ONCE: Final = 2.0
"""Less than a held request waits before it looks by itself."""
WAIT: Final = {"Prefer": "wait=30"}


class Scene(Struct):
    """A serving process, the uploads that it serves, and a projector that is run by hand."""

    server: Server
    lives: Lives
    notifier: RedisNotifier
    owner: Session
    threads: ThreadPoolExecutor

    def submitted(self) -> UUID:
        """An upload of the owner's, with its row."""
        upload_id = self.lives.submitted(session_hash=self.owner.hash)
        self.project()
        return upload_id

    def project(self) -> None:
        """Bring the rows up to date, and notify."""
        projector(self.lives.log, self.lives.pool, self.notifier.notify).catch_up()

    def advance(self, upload_id: UUID, progress: int) -> None:
        """One more step while the picture is made."""
        self.lives.uploads.advance(upload_id, Stage.GENERATING, progress, attempt=1, by=WORKER)
        self.project()

    def url(self, upload_id: UUID) -> str:
        """Where its status is."""
        return f"{self.server.url}/api/status/{upload_id}"

    def headers(self, **headers: str) -> dict[str, str]:
        """The owner's."""
        return {"X-Session-Token": self.owner.token, **{n.replace("_", "-"): v for n, v in headers.items()}}

    def poll(self, upload_id: UUID, **headers: str) -> httpx.Response:
        """Ask, perhaps for a while."""
        return httpx.get(self.url(upload_id), headers=self.headers(**headers), timeout=40)

    def held(self, upload_id: UUID, tag: str, **headers: str) -> "Future[httpx.Response]":
        """A poll that waits; it is held when this returns."""
        before = self.connections()
        answer = self.threads.submit(self.poll, upload_id, If_None_Match=tag, **{**WAIT, **headers})
        until(lambda: self.connections() > before, "nobody is held")
        self.poll(upload_id)  # answered after whatever was asked before it
        return answer

    def connections(self) -> int:
        """How many clients the process has."""
        port = f"{self.server.port:04X}"
        lines = Path(f"/proc/{self.server.process.pid}/net/tcp").read_text().splitlines()[1:]
        return sum(line.split()[1].endswith(f":{port}") and line.split()[3] == "01" for line in lines)

    @contextmanager
    def stream(self, upload_id: UUID, **headers: str) -> Iterator["Stream"]:
        """Follow an upload."""
        url = f"{self.url(upload_id)}/stream"
        with httpx.stream("GET", url, headers=self.headers(**headers), timeout=40) as response:
            yield Stream(response)


class Stream:
    """The events of a stream, one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._lines = response.iter_lines()

    def event(self) -> tuple[str, dict[str, Any]]:
        """The id and the body of the next event."""
        found: dict[str, str] = {}
        for line in self._lines:
            if not line and "data" in found:
                return found["id"], json.loads(found["data"])
            name, _, value = line.partition(": ")
            found[name] = value
        raise EOFError

    def rest(self) -> list[str]:
        """What else comes until the end."""
        return [line for line in self._lines if line]


@pytest.fixture
def scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A serving process that hears of every step."""
    yield from scenes(database_url, tmp_path, valkey_url, valkey_url)


@pytest.fixture
def deaf_scene(database_url: str, valkey_url: str, tmp_path: Path) -> Iterator[Scene]:
    """A serving process that cannot reach Redis."""
    yield from scenes(database_url, tmp_path, valkey_url, "unix:///nonexistent")


def scenes(database_url: str, folder: Path, redis_url: str, servers_redis_url: str) -> Iterator[Scene]:
    """One scene."""
    with ExitStack() as stack:
        lives = stack.enter_context(Lives(database_url, folder))
        notifier = RedisNotifier(stack.enter_context(Redis.from_url(redis_url, socket_timeout=2)), PROJECTED)
        stack.callback(notifier.close)
        threads = stack.enter_context(ThreadPoolExecutor(40))
        server = stack.enter_context(running(database_url, folder, redis_url=servers_redis_url))
        yield Scene(server, lives, notifier, Sessions(KEYS).new(), threads)


def test_a_held_poll_is_answered_when_the_upload_moves_and_tells_that_it_was_held(scene: Scene) -> None:
    upload_id = scene.submitted()
    answer = scene.held(upload_id, '"1"')
    assert not answer.done()

    scene.lives.run(upload_id, Stage.GENERATING)
    scene.project()

    moved = answer.result(AT_ONCE)
    assert (moved.status_code, moved.json()["stage"], moved.headers["ETag"]) == (200, "generating", '"4"')
    assert moved.headers["Preference-Applied"] == "wait=30"
    assert scene.poll(upload_id).json() == moved.json()


def test_one_that_sees_nothing_move_gets_304_when_its_time_is_up(scene: Scene) -> None:
    upload_id = scene.submitted()

    answer = scene.poll(upload_id, If_None_Match='"1"', Prefer="respond-async, wait=1")

    assert (answer.status_code, answer.content, answer.headers["ETag"]) == (304, b"", '"1"')
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert answer.elapsed.total_seconds() > 0.9


@pytest.mark.parametrize(
    "headers",
    [
        {"Prefer": "wait=30", "If_None_Match": '"7-x"'},
        {"Prefer": "handling=lenient; wait=30", "If_None_Match": '"1"'},
        {"Prefer": "wait=0", "If_None_Match": '"1"'},
        {"Prefer": "wait=-1", "If_None_Match": '"1"'},
        {"Prefer": "wait=soon", "If_None_Match": '"1"'},
        {"Prefer": "await=30", "If_None_Match": '"1"'},
        {"Prefer": "é", "If_None_Match": '"1"'},
    ],
)
def test_who_does_not_say_what_it_has_read_or_how_long_it_waits_is_answered_at_once(
    scene: Scene, headers: dict[str, str]
) -> None:
    upload_id = scene.submitted()
    sent = [(name.encode(), value.encode()) for name, value in scene.headers(**headers).items()]

    answer = httpx.get(scene.url(upload_id), headers=sent, timeout=AT_ONCE)

    assert answer.status_code in {200, 304}
    assert "Preference-Applied" not in answer.headers


def test_who_has_read_nothing_yet_is_answered_at_once_and_told_that_the_next_may_be_held(scene: Scene) -> None:
    upload_id = scene.submitted()

    answer = httpx.get(scene.url(upload_id), headers=scene.headers(Prefer="wait=30"), timeout=AT_ONCE)

    assert (answer.status_code, answer.headers["ETag"]) == (200, '"1"')
    assert answer.headers["Preference-Applied"] == "wait=30"


def test_who_has_read_whatever_there_is_waits_until_that_moves(scene: Scene) -> None:
    upload_id = scene.submitted()
    still = scene.poll(upload_id, If_None_Match="*", Prefer="wait=1")
    assert (still.status_code, still.headers["Preference-Applied"]) == (304, "wait=1")
    assert still.elapsed.total_seconds() > 0.9
    answer = scene.held(upload_id, "*")

    scene.lives.run(upload_id, Stage.GENERATING)
    scene.project()

    moved = answer.result(AT_ONCE)
    assert (moved.status_code, moved.json()["version"]) == (200, 4)


def test_nobody_waits_for_what_has_ended(scene: Scene) -> None:
    upload_id = scene.submitted()
    scene.lives.run(upload_id, Stage.GENERATING)
    scene.lives.uploads.fail(upload_id, FailureCode.CONTENT_BLOCKED, stage=Stage.GENERATING, attempt=1, by=WORKER)
    scene.project()

    assert (
        httpx.get(scene.url(upload_id), headers=scene.headers(If_None_Match='"5"', **WAIT), timeout=AT_ONCE).status_code
        == 304
    )


@pytest.mark.parametrize("path", ["", "/stream"])
def test_a_stranger_is_not_held(scene: Scene, path: str) -> None:
    upload_id = scene.submitted()
    strangers = {"X-Session-Token": Sessions(KEYS).new().token, "If-None-Match": '"1"', **WAIT}

    theirs = httpx.get(scene.url(upload_id) + path, headers=strangers, timeout=AT_ONCE)
    nobodys = httpx.get(scene.url(uuid4()) + path, headers=strangers, timeout=AT_ONCE)
    forged = httpx.get(scene.url(upload_id) + path, headers={**strangers, "X-Session-Token": "a.b"}, timeout=AT_ONCE)

    assert [error_of(answer) for answer in (theirs, nobodys, forged)] == [
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (401, "UNAUTHORIZED"),
    ]


def test_the_time_that_is_left_moves_nobody(scene: Scene) -> None:
    upload_id = scene.submitted()

    answer = scene.poll(upload_id, If_None_Match='"1-e9-20"', Prefer="wait=1")

    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert answer.elapsed.total_seconds() > 0.9


def test_without_redis_a_held_poll_is_later_and_not_wrong(deaf_scene: Scene) -> None:
    upload_id = deaf_scene.submitted()
    answer = deaf_scene.held(upload_id, '"1"')

    deaf_scene.lives.run(upload_id, Stage.GENERATING)
    deaf_scene.project()

    assert answer.result(10).json()["version"] == 4


def test_a_step_in_the_log_that_the_rows_do_not_show_yet_wakes_nobody(scene: Scene) -> None:
    upload_id = scene.submitted()
    answer = scene.held(upload_id, '"1"', Prefer="wait=1")
    scene.lives.run(upload_id, Stage.GENERATING)
    scene.notifier.notify([upload_id])

    assert answer.result(5).status_code == 304


def test_all_who_wait_for_an_upload_are_answered_at_its_step(scene: Scene) -> None:
    upload_id = scene.submitted()
    answers = [scene.held(upload_id, '"1"') for _ in range(30)]
    scene.lives.run(upload_id, Stage.VALIDATING)
    scene.project()

    assert {answer.result(AT_ONCE).json()["version"] for answer in answers} == {3}


def test_a_client_that_hangs_up_is_held_no_longer(scene: Scene) -> None:
    upload_id = scene.submitted()
    with scene.stream(upload_id) as stream:
        assert stream.event()[0] == "1"
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(scene.url(upload_id), headers=scene.headers(If_None_Match='"1"', **WAIT), timeout=0.3)

    until(lambda: scene.connections() == 0, "they are held")
    told = scene.server.stop()
    assert "Traceback" not in told
    assert "api.unexpected" not in told


def test_a_stop_answers_whoever_is_held_at_once_and_correctly(scene: Scene) -> None:
    upload_id = scene.submitted()
    answers = [scene.held(upload_id, '"1"') for _ in range(5)]
    with scene.stream(upload_id) as stream:
        stream.event()

        began = time.monotonic()
        scene.server.process.send_signal(signal.SIGTERM)
        assert {answer.result(AT_ONCE).status_code for answer in answers} == {304}
        assert {answer.result().headers.get("Preference-Applied") for answer in answers} == {None}
        assert stream.rest() == []
        told = scene.server.process.communicate(timeout=10)[1]

    assert time.monotonic() - began < 5 + BUSY_SECONDS
    assert scene.server.process.returncode == 0
    assert "Traceback" not in told


def test_a_stream_tells_every_step_and_ends_with_the_end(scene: Scene) -> None:
    upload_id = scene.submitted()
    with scene.stream(upload_id) as stream:
        assert stream.response.headers["Content-Type"] == "text/event-stream"
        assert stream.response.headers["Cache-Control"] == "no-store"
        tag, body = stream.event()
        assert (tag, body) == ("1", scene.poll(upload_id).json())
        scene.lives.run(upload_id, Stage.GENERATING)
        scene.project()
        assert stream.event()[1]["progress"] == 30
        for progress in (40, 50, 60):
            scene.advance(upload_id, progress)
            assert stream.event()[1] == scene.poll(upload_id).json()
        scene.lives.uploads.fail(upload_id, FailureCode.CONTENT_BLOCKED, stage=Stage.GENERATING, attempt=1, by=WORKER)
        scene.project()
        tag, last = stream.event()

        assert (tag, last["isTerminal"], last["progress"], last["errorCode"]) == ("8", True, 60, "CONTENT_BLOCKED")
        assert stream.rest() == []


def test_a_stream_that_was_cut_goes_on_after_its_last_event(scene: Scene) -> None:
    upload_id = scene.submitted()
    with scene.stream(upload_id, Last_Event_ID="1") as stream:
        scene.lives.run(upload_id, Stage.VALIDATING)
        scene.project()
        assert stream.event()[0] == "3"
    with scene.stream(upload_id, Last_Event_ID="1") as stream:
        assert stream.event()[0] == "3"


def test_the_end_is_told_to_whoever_asks_again(scene: Scene) -> None:
    upload_id = scene.submitted()
    scene.lives.run(upload_id, Stage.COMPLETE)
    scene.project()
    with scene.stream(upload_id, Last_Event_ID="10") as stream:
        assert (stream.event()[1]["stage"], stream.rest()) == ("complete", [])


def test_a_stream_whose_client_has_read_more_than_the_row_holds_does_not_go_back(scene: Scene) -> None:
    upload_id = scene.submitted()
    scene.lives.run(upload_id, Stage.GENERATING)
    with scene.stream(upload_id, Last_Event_ID="3") as stream:
        assert stream.event()[0] == "4"
        scene.project()
        scene.advance(upload_id, 50)
        assert stream.event()[0] == "5"


def test_the_place_in_the_queue_is_told_as_it_changes(scene: Scene) -> None:
    first, second = scene.submitted(), scene.submitted()
    with scene.stream(second) as stream:
        assert stream.event()[1]["queuePosition"] == 1
        answer = scene.held(second, '"1-q1"')
        scene.lives.run(first, Stage.VALIDATING)
        scene.project()

        assert stream.event()[1]["queuePosition"] == 0
        assert answer.result(10).json()["queuePosition"] == 0
