"""An upload for which no call of the image model is left waits without a failed attempt."""

from datetime import timedelta
from uuid import UUID, uuid4

from domain.events import AttemptFailed, PutOff
from domain.failures import FailureCode
from domain.stages import Stage, Status
from tests.fakes.gemini import FakeGemini
from tests.integration.pipeline.rig import PipelineRig, last
from tests.integration.pipeline.storages import Broken
from tests.photos.variants import photo
from workers.runs.calls import Calls
from workers.vision.model import ImageModel


def test_beyond_the_budget_an_upload_is_put_off_before_an_attempt_and_goes_on_when_there_is_room(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    pipeline = rig.pipeline(model, calls=Calls(rig.pool, model.name, 1))
    first, second = (rig.submitted(photo()) for _ in range(2))
    for upload_id in (first, second):
        pipeline.run(upload_id)
    put_off = last(rig, second, PutOff)
    assert (put_off.code, put_off.stage) == (FailureCode.GENERATION_BUDGET_SPENT, None)
    assert rig.uploads.get(second).attempt == 0

    rig.clock.time += timedelta(minutes=2)
    with rig.pool.connection() as connection:
        connection.execute("UPDATE generation_calls SET called_at = called_at - interval '1 hour'")
    pipeline.run(second)
    assert [rig.uploads.get(one).status for one in (first, second)] == [Status.COMPLETED] * 2
    assert len(gemini.calls) == 2


def test_an_attempt_that_may_not_call_after_all_is_no_failed_attempt(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    calls = SpentMeanwhile(rig.pool, model.name, 1)
    rig.pipeline(model, calls=calls).run(upload_id)

    failed = last(rig, upload_id, AttemptFailed)
    assert (failed.code, failed.stage) == (FailureCode.GENERATION_BUDGET_SPENT, Stage.GENERATING)
    assert rig.uploads.get(upload_id).attempts_left == 3
    assert gemini.calls == []


def test_an_answer_that_is_kept_needs_no_call_and_waits_for_none(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    upload_id = rig.submitted(photo())
    rig.pipeline(model, blobs=Broken(rig.blobs, "full")).run(upload_id)
    rig.clock.time += timedelta(minutes=5)
    calls = Calls(rig.pool, model.name, 1)
    calls.admit(uuid4(), 1)
    rig.pipeline(model, calls=calls).run(upload_id)

    assert rig.uploads.get(upload_id).status is Status.COMPLETED
    assert len(gemini.calls) == 1


def test_one_session_may_have_a_quarter_of_the_budget_and_is_told_why_it_waits(
    rig: PipelineRig, model: ImageModel, gemini: FakeGemini
) -> None:
    pipeline = rig.pipeline(model, calls=Calls(rig.pool, model.name, 16))
    greedy = [rig.submitted(photo(), session_hash="a" * 64) for _ in range(6)]
    other = rig.submitted(photo(), session_hash="b" * 64)
    for upload_id in (*greedy, other):
        pipeline.run(upload_id)

    statuses = [rig.uploads.get(one).status for one in greedy]
    assert statuses == [Status.COMPLETED] * 4 + [Status.PENDING] * 2
    assert {rig.uploads.get(one).waiting_for for one in greedy[4:]} == {FailureCode.GENERATION_BUDGET_SPENT}
    assert rig.uploads.get(other).status is Status.COMPLETED
    assert len(gemini.calls) == 5

    rig.clock.time += timedelta(minutes=2)
    with rig.pool.connection() as connection:
        connection.execute("UPDATE generation_calls SET called_at = called_at - interval '1 hour'")
    for upload_id in greedy[4:]:
        pipeline.run(upload_id)
    assert [rig.uploads.get(one).status for one in greedy] == [Status.COMPLETED] * 6


class SpentMeanwhile(Calls):
    """A budget that has room when it is looked at, and none when a call is asked for."""

    def admit(self, upload_id: UUID, attempt: int) -> None:
        super().admit(uuid4(), 1)
        super().admit(upload_id, attempt)
