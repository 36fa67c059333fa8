"""A poll that may wait is answered as soon as its upload moves, and at the end of its time."""

import signal
import time

import httpx
import pytest

from app.signing.sessions import Sessions
from domain.stages import Stage
from tests.api_services import KEYS
from tests.integration.api.waiting.scenes import AT_ONCE, TRUST, WAIT, Scene
from tests.waiting import BUSY_SECONDS, until


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


def test_the_time_that_is_left_ends_no_wait(scene: Scene) -> None:
    upload_id = scene.submitted()

    answer = scene.poll(upload_id, If_None_Match='"1-e9-20"', Prefer="wait=1")

    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert answer.elapsed.total_seconds() > 0.9


def test_without_redis_a_held_poll_is_later_and_not_wrong(deaf_scene: Scene) -> None:
    upload_id = deaf_scene.submitted()
    answer = deaf_scene.held(upload_id, '"1"')

    deaf_scene.lives.run(upload_id, Stage.GENERATING)
    deaf_scene.project()

    assert answer.result(AT_ONCE).json()["version"] == 4


def test_a_client_that_asks_again_at_once_hears_of_every_step(scene: Scene) -> None:
    upload_id = scene.submitted()
    tag = scene.poll(upload_id, **WAIT).headers["ETag"]
    scene.lives.run(upload_id, Stage.GENERATING)
    scene.project()
    between = scene.poll(upload_id, If_None_Match=tag, **WAIT)
    assert between.json()["version"] == 4
    assert between.elapsed.total_seconds() < AT_ONCE

    answer = scene.held(upload_id, between.headers["ETag"])
    stranger = {"X-Session-Token": Sessions(KEYS).new().token, "If-None-Match": between.headers["ETag"], **WAIT}
    assert httpx.get(scene.url(upload_id), headers=stranger, verify=TRUST).status_code == 404
    scene.advance(upload_id, 45)

    assert answer.result(AT_ONCE).json()["version"] == 5


def test_a_client_that_asks_again_at_once_hears_late_of_a_lost_notification(deaf_scene: Scene) -> None:
    upload_id = deaf_scene.submitted()
    tag = deaf_scene.poll(upload_id, **WAIT).headers["ETag"]
    deaf_scene.lives.run(upload_id, Stage.GENERATING)
    deaf_scene.project()

    late = deaf_scene.poll(upload_id, If_None_Match=tag, **WAIT)

    assert late.json()["version"] == 4
    assert late.elapsed.total_seconds() < AT_ONCE


def test_a_step_in_the_log_that_the_rows_do_not_show_yet_wakes_no_client(scene: Scene) -> None:
    upload_id = scene.submitted()
    answer = scene.held(upload_id, '"1"', Prefer="wait=1")
    scene.lives.run(upload_id, Stage.GENERATING)
    scene.notifier.notify([upload_id])

    assert answer.result(AT_ONCE).status_code == 304


def test_all_who_wait_for_an_upload_are_answered_at_its_step(scene: Scene) -> None:
    upload_id = scene.submitted()
    answers = scene.all_held(upload_id, '"1"', 10)
    scene.lives.run(upload_id, Stage.VALIDATING)
    scene.project()

    assert {answer.result(AT_ONCE).json()["version"] for answer in answers} == {3}


def test_a_client_that_hangs_up_is_held_no_longer(scene: Scene) -> None:
    upload_id = scene.submitted()
    with scene.stream(upload_id) as stream:
        assert stream.event()[0] == "1"
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(
                scene.url(upload_id),
                headers=scene.headers(If_None_Match='"1"', **WAIT),
                timeout=httpx.Timeout(AT_ONCE, read=0.3),
            )

    until(lambda: scene.connections() == 0, "they are held")
    told = scene.server.stop()
    assert "Traceback" not in told
    assert "api.unexpected" not in told


def test_a_stop_answers_every_held_client_at_once_and_correctly(scene: Scene) -> None:
    upload_id = scene.submitted()
    answers = scene.all_held(upload_id, '"1"', 5)
    with scene.stream(upload_id) as stream:
        stream.event()

        began = time.monotonic()
        scene.server.process.send_signal(signal.SIGTERM)
        assert {answer.result(AT_ONCE).status_code for answer in answers} == {304}
        assert {answer.result().headers.get("Preference-Applied") for answer in answers} == {None}
        assert stream.rest() == []
        told = scene.server.process.communicate(timeout=AT_ONCE)[1]

    assert time.monotonic() - began < 5 + BUSY_SECONDS
    assert scene.server.process.returncode == 0
    assert "Traceback" not in told
