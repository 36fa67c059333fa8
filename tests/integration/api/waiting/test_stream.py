"""The stream tells every step, goes on after a cut, and ends with the upload."""

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from tests.integration.api.waiting.scenes import AT_ONCE, Scene
from tests.submissions import WORKER


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
        scene.lives.uploads.execute(
            upload_id, Upload.fail, FailureCode.CONTENT_BLOCKED, stage=Stage.GENERATING, attempt=1, by=WORKER
        )
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


def test_the_end_is_told_to_a_client_that_asks_again(scene: Scene) -> None:
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


def test_the_position_in_the_queue_is_told_as_it_changes(deaf_scene: Scene) -> None:
    scene = deaf_scene  # no notification tells of another upload's step
    first, second = scene.submitted(), scene.submitted()
    with scene.stream(second) as stream:
        assert stream.event()[1]["queuePosition"] == 1
        answer = scene.held(second, '"1-q1"')
        scene.lives.run(first, Stage.VALIDATING)
        scene.project()

        assert stream.event()[1]["queuePosition"] == 0
        assert answer.result(AT_ONCE).json()["queuePosition"] == 0
