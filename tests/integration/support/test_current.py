"""A search after a poll: the poll may be told from the log, so the search waits for the rows."""

import threading

import pytest

from domain.stages import Stage
from tests.integration.support.desk import Desk


def test_a_search_shows_what_a_poll_was_told_before_the_row_was_written(desk: Desk) -> None:
    upload_id = desk.lives.failed(Stage.GENERATING)
    projecting = threading.Timer(0.2, desk.lives.project)
    projecting.start()
    try:
        body = desk.search(jobId=str(upload_id)[:18], status="failed")
    finally:
        projecting.join()

    assert [upload["jobId"] for upload in body["uploads"]] == [str(upload_id)]
    assert body["behind"] == 0


def test_where_the_projector_stands_still_a_search_says_what_is_missing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("projections.queries.current.WAIT_SECONDS", 0.0)
    desk.lives.complete()
    desk.lives.project()
    upload_id = desk.lives.submitted()

    body = desk.search(jobId=upload_id)
    assert (body["uploads"], body["behind"]) == ([], 1)
    assert len(desk.search()["uploads"]) == 1
