"""A poll that has nothing to wait for is answered at once."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest

from app.signing.sessions import Sessions
from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from tests.api_services import KEYS
from tests.integration.api.service import error_of
from tests.integration.api.waiting.scenes import AT_ONCE, NEVER, WAIT, Scene, running_scene
from tests.submissions import WORKER


@pytest.fixture(scope="module")
def scene(
    module_database_url: str, valkey_server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    """One serving process for all tests of a file, of which each looks at an upload of its own."""
    folder = tmp_path_factory.mktemp("shared")
    with running_scene(module_database_url, folder, valkey_server_url, valkey_server_url, NEVER) as scene:
        yield scene


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

    assert (answer.status_code, answer.json()["version"]) == (200, 1)
    assert answer.headers["Preference-Applied"] == "wait=30"


def test_an_upload_that_has_ended_is_not_waited_for(scene: Scene) -> None:
    upload_id = scene.submitted()
    scene.lives.run(upload_id, Stage.GENERATING)
    scene.lives.uploads.execute(
        upload_id, Upload.fail, FailureCode.CONTENT_BLOCKED, stage=Stage.GENERATING, attempt=1, by=WORKER
    )
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
    absent = httpx.get(scene.url(uuid4()) + path, headers=strangers, timeout=AT_ONCE)
    forged = httpx.get(scene.url(upload_id) + path, headers={**strangers, "X-Session-Token": "a.b"}, timeout=AT_ONCE)

    assert [error_of(answer) for answer in (theirs, absent, forged)] == [
        (404, "NOT_FOUND"),
        (404, "NOT_FOUND"),
        (401, "UNAUTHORIZED"),
    ]
