"""What a poll says of the wait: the position in the queue, the time that is left, and when they are not known."""

from uuid import UUID

import pytest

from domain.stages import Stage
from domain.upload import Upload
from projections.queries.forecast import QUEUE_SECONDS
from tests.integration.api.service import Service
from tests.integration.recent import completed, runs
from tests.submissions import WORKER
from tests.waiting import until


def submitted(service: Service, uploads: int) -> list[tuple[UUID, str]]:
    """So many jobs, one after the other, with their tokens; the projector has seen them."""
    jobs = [service.submitted() for _ in range(uploads)]
    service.lives.project()
    return jobs


def test_a_pending_upload_is_told_its_place_and_its_etag_covers_it(service: Service) -> None:
    (first, _), (second, token) = submitted(service, 2)

    response = service.poll(second, token)
    assert response.json()["queuePosition"] == 1
    assert "eta" not in response.json()
    tag = response.headers["ETag"]
    assert tag != '"1"'
    again = service.poll(second, token, If_None_Match=tag)
    assert (again.status_code, again.headers["ETag"]) == (304, tag)

    service.lives.run(first, Stage.VALIDATING)
    service.lives.project()

    until(
        lambda: service.poll(second, token, If_None_Match=tag).status_code == 200,
        "The queue has moved, and no client is told.",
        QUEUE_SECONDS + 10,
    )
    moved = service.poll(second, token, If_None_Match=tag).json()
    assert (moved["version"], moved["queuePosition"]) == (1, 0)


def test_an_upload_that_runs_is_told_the_time_that_is_left_and_no_place(service: Service) -> None:
    completed(service.lives.pool, 100)
    ((upload_id, token),) = submitted(service, 1)
    service.lives.run(upload_id, Stage.GENERATING)
    service.lives.project()

    response = service.poll(upload_id, token)

    body = response.json()
    assert "queuePosition" not in body
    assert set(body["eta"]) == {"p50Seconds", "p90Seconds"}
    assert 40 <= body["eta"]["p50Seconds"] <= 46
    assert 76 <= body["eta"]["p90Seconds"] <= 82
    assert response.headers["ETag"] == f'"4-e{body["eta"]["p50Seconds"]}-{body["eta"]["p90Seconds"]}"'


def test_a_pending_upload_is_told_the_time_that_is_left_with_the_queue_ahead(service: Service) -> None:
    completed(service.lives.pool, 100)
    runs(service.lives.pool, 4)
    *_, (upload_id, token) = submitted(service, 3)

    response = service.poll(upload_id, token)

    assert response.json()["queuePosition"] == 2
    assert response.json()["eta"] == {"p50Seconds": 76, "p90Seconds": 116}
    assert service.poll(upload_id, token, If_None_Match=response.headers["ETag"]).status_code == 304


@pytest.mark.parametrize("tag", ['"3-e1-2"', '"3-q7"', '"3-q7-e1-2"', 'W/"3-e1-2"'])
def test_the_version_is_found_in_whatever_etag_so_that_no_client_reads_anything_older(
    service: Service, tag: str
) -> None:
    ((upload_id, token),) = submitted(service, 1)
    service.lives.run(upload_id, Stage.GENERATING)

    assert service.poll(upload_id, token, If_None_Match=tag).json()["version"] == 4


def test_an_upload_that_has_ended_is_told_neither(service: Service) -> None:
    completed(service.lives.pool, 100)
    (done, token), (failed, other) = submitted(service, 2)
    service.complete(done)
    service.lives.uploads.execute(failed, Upload.cancel, by=WORKER)
    service.lives.project()

    for upload_id, owner in ((done, token), (failed, other)):
        body = service.poll(upload_id, owner).json()
        assert body["isTerminal"]
        assert not {"queuePosition", "eta"} & set(body)
