"""DELETE /api/uploads/{jobId}: what the owner erases is gone, and no other session can erase it."""

from uuid import UUID, uuid4

import httpx
import pytest

from domain.errors import StorageUnavailableError
from domain.stages import Stage
from tests.integration.api.service import Service, error_of


def erase(service: Service, job_id: object, token: str | None) -> httpx.Response:
    """Ask for an erasure."""
    headers = {} if token is None else {"X-Session-Token": token}
    return service.client.delete(f"/api/uploads/{job_id}", headers=headers)


def names(service: Service, upload_id: UUID) -> list[str]:
    """The events of an upload."""
    return [logged.name for logged in service.lives.log.history(upload_id)]


def test_its_objects_are_deleted_and_its_owner_finds_neither_upload_nor_result(service: Service) -> None:
    upload_id, token = service.submitted()
    result_id = service.complete(upload_id)

    answer = erase(service, upload_id, token)

    assert (answer.status_code, answer.json()) == (200, {"success": True, "jobId": str(upload_id), "erased": True})
    assert service.objects() == []
    service.lives.project()
    assert error_of(service.poll(upload_id, token)) == (404, "NOT_FOUND")
    assert error_of(service.result(result_id, token)) == (404, "NOT_FOUND")
    session = service.sessions.read(token)
    assert session
    last = service.lives.log.history(upload_id)[-1].event
    assert (last.NAME, last.actor) == ("upload.erased", session.actor)


def test_an_upload_that_still_runs_is_cancelled_first(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)

    assert erase(service, upload_id, token).status_code == 200

    assert names(service, upload_id)[-2:] == ["upload.failed", "upload.erased"]


def test_its_owner_may_ask_again_and_it_is_erased_once(service: Service) -> None:
    upload_id, token = service.submitted()

    answers = [erase(service, upload_id, token) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert names(service, upload_id).count("upload.erased") == 1


def test_an_erasure_that_the_storage_interrupted_is_finished_by_the_next(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id, token = service.submitted()

    def out_of_reach(_: str) -> None:
        raise StorageUnavailableError

    with monkeypatch.context() as broken:
        broken.setattr(service.store, "delete", out_of_reach)
        assert error_of(erase(service, upload_id, token)) == (503, "UNAVAILABLE")
    assert service.objects() != []

    assert erase(service, upload_id, token).status_code == 200
    assert service.objects() == []


def test_another_sessions_upload_and_none_at_all_look_alike_and_stay(service: Service) -> None:
    upload_id, _ = service.submitted()
    stranger = service.sessions.new().token

    answers = [erase(service, asked, stranger) for asked in (upload_id, uuid4(), "no-uuid")]

    assert {error_of(answer) for answer in answers} == {(404, "NOT_FOUND")}
    assert len({answer.content for answer in answers}) == 1
    assert names(service, upload_id) == ["upload.submitted"]


@pytest.mark.parametrize("token", [None, "", "forged"])
def test_without_a_token_of_ours_it_is_unauthorized(service: Service, token: str | None) -> None:
    upload_id, _ = service.submitted()

    assert error_of(erase(service, upload_id, token)) == (401, "UNAUTHORIZED")
    assert names(service, upload_id) == ["upload.submitted"]
