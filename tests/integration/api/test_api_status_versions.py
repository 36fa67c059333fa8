"""GET /api/status/{jobId}: a client that has read a version is told of no older one."""

import pytest

from domain.stages import Stage
from tests.integration.api.service import Service


@pytest.mark.parametrize("tag", ['"1"', 'W/"1"', '"7", "1"', '"7",W/"1"', "*"])
def test_a_client_that_has_read_this_version_gets_304(service: Service, tag: str) -> None:
    upload_id, token = service.submitted()
    service.lives.project()

    response = service.poll(upload_id, token, If_None_Match=tag)

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == '"1"'
    assert response.headers["Retry-After"] == "3"
    assert response.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("tag", ['"2"', "1", '"01x"', "nonsense", '"99999999999999999999"', "", '"1'])
def test_another_version_or_nonsense_gets_the_whole_answer(service: Service, tag: str) -> None:
    upload_id, token = service.submitted()
    service.lives.project()

    response = service.poll(upload_id, token, If_None_Match=tag)

    assert (response.status_code, response.json()["version"]) == (200, 1)


def test_a_projector_that_is_behind_sets_no_client_back(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.run(upload_id, Stage.GENERATING)
    first = service.poll(upload_id, token).json()
    with service.lives.pool.connection() as connection:  # a page of the projector's that ended in the middle
        connection.execute(
            "INSERT INTO uploads (upload_id, version, session_hash, attempt) VALUES (%s, 2, %s, 1)",
            (upload_id, service.lives.uploads.get(upload_id).session_hash),
        )

    second = service.poll(upload_id, token).json()

    assert (first["version"], second["version"]) == (1, 2)


def test_a_client_that_has_read_more_than_the_row_holds_is_answered_from_the_log(service: Service) -> None:
    upload_id, token = service.submitted()
    service.lives.project()
    service.lives.run(upload_id, Stage.GENERATING)

    behind = service.poll(upload_id, token, If_None_Match='"1"')
    ahead = service.poll(upload_id, token, If_None_Match='"3"')

    assert behind.status_code == 304
    assert (ahead.json()["version"], ahead.json()["stage"]) == (4, "generating")


def test_a_client_that_has_read_a_row_that_is_gone_is_answered_from_the_log(service: Service) -> None:
    upload_id, token = service.submitted()
    result_id = service.complete(upload_id)
    tag = service.poll(upload_id, token).headers["ETag"]
    service.lives.execute("DELETE FROM uploads")

    assert service.poll(upload_id, token, If_None_Match=tag).status_code == 304
    body = service.poll(upload_id, token, If_None_Match='"2"').json()
    assert (body["stage"], body["resultId"]) == ("complete", str(result_id))
