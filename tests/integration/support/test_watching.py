"""A timeline that is watched: it is answered in full when it has changed, and each full answer is a recorded look."""

import httpx

from domain.stages import Stage
from domain.upload import Upload
from tests.integration.support.desk import Desk


def look(desk: Desk, upload_id: object, seen: str = "", by: str = "vera") -> httpx.Response:
    headers = {**desk.signed(by), **({"If-None-Match": seen} if seen else {})}
    return desk.service.client.get(f"/api/support/uploads/{upload_id}/timeline", headers=headers)


def looks(desk: Desk) -> int:
    return [deed.action for deed in desk.deeds()].count("looked")


def test_where_nothing_has_changed_nothing_is_shown_and_nothing_recorded(desk: Desk) -> None:
    upload_id = desk.lives.reached(Stage.GENERATING)
    first = look(desk, upload_id)

    again = look(desk, upload_id, first.headers["ETag"])
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again.headers["Cache-Control"] == "no-store"
    assert looks(desk) == 1


def test_an_event_is_shown_and_recorded(desk: Desk) -> None:
    upload_id = desk.lives.reached(Stage.GENERATING)
    seen = look(desk, upload_id).headers["ETag"]
    desk.lives.uploads.execute(upload_id, Upload.cancel, by="session:0")

    changed = look(desk, upload_id, seen)
    assert (changed.status_code, changed.json()["status"]) == (200, "failed")
    assert changed.headers["ETag"] != seen
    assert looks(desk) == 2


def test_a_worker_that_takes_it_is_shown(desk: Desk) -> None:
    upload_id = desk.lives.submitted()
    seen = look(desk, upload_id).headers["ETag"]
    desk.lives.execute("INSERT INTO leases VALUES (%s, 'w1', clock_timestamp() + interval '9 s')", upload_id)

    changed = look(desk, upload_id, seen)
    assert (changed.status_code, changed.json()["worker"]) == (200, "w1")


def test_the_tag_of_a_colleague_opens_nothing_unrecorded(desk: Desk) -> None:
    upload_id = desk.lives.complete()
    seen = look(desk, upload_id).headers["ETag"]

    assert look(desk, upload_id, seen, by="agnes").status_code == 200
    assert [deed.actor for deed in desk.deeds(upload_id)][-2:] == ["staff:vera", "staff:agnes"]
