"""Agents look at the pictures of an upload through short links, which work for them alone; each look is recorded."""

import io
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from app.signing.links import SignedLinks
from domain.objects import clean_key, original_key
from domain.stages import Stage
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, error_of
from tests.integration.support.desk import REASON, Desk


def links(desk: Desk, upload_id: UUID, by: str = "agnes") -> httpx.Response:
    path = f"/api/support/uploads/{upload_id}/pictures"
    return desk.service.client.post(path, json={"reason": REASON}, headers=desk.signed(by))


def asked(desk: Desk, upload_id: UUID) -> dict[str, Any]:
    response = links(desk, upload_id)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


@pytest.fixture
def complete(desk: Desk) -> UUID:
    """A complete upload whose pictures are JPEGs, as far as their first bytes tell."""
    upload_id = desk.lives.complete()
    upload = desk.lives.uploads.get(upload_id)
    assert upload.result
    assert upload.result.preview
    for key in (
        original_key(upload_id, upload.original_sha256),
        upload.result.full.key,
        upload.result.preview.key,
    ):
        desk.service.store.put(key, io.BytesIO(JPEG), "image/jpeg")
    return upload_id


@pytest.mark.parametrize("kind", ["original", "result", "preview"])
def test_a_picture_is_shown_by_its_link_recorded_and_never_cached(desk: Desk, complete: UUID, kind: str) -> None:
    url = asked(desk, complete)[kind]["url"]
    shown = desk.service.client.get(url, headers=desk.signed("agnes"))

    assert (shown.status_code, shown.content, shown.headers["Content-Type"]) == (200, JPEG, "image/jpeg")
    assert shown.headers["Cache-Control"] == "no-store"
    assert "sandbox" in shown.headers["Content-Security-Policy"]
    asking, looking = desk.deeds(complete)
    assert (asking.action, asking.reason, asking.facts) == ("looked", REASON, {"what": "pictures"})
    assert (looking.action, looking.facts) == ("looked", {"what": kind})


def test_of_a_photo_the_copy_without_metadata_is_shown_once_there_is_one(desk: Desk, complete: UUID) -> None:
    url = asked(desk, complete)["original"]["url"]
    copy = JPEG + b"clean"
    desk.service.store.put(clean_key(complete), io.BytesIO(copy), "image/jpeg")

    assert desk.service.client.get(url, headers=desk.signed("agnes")).content == copy
    assert desk.deeds(complete)[-1].facts == {"what": "original"}


def test_a_link_works_for_the_person_who_asked_alone(desk: Desk, complete: UUID) -> None:
    url = asked(desk, complete)["preview"]["url"]
    assert error_of(desk.service.client.get(url, headers=desk.signed("adam"))) == (404, "NOT_FOUND")
    assert error_of(desk.service.client.get(url, headers=desk.signed("vera"))) == (403, "FORBIDDEN")
    assert error_of(desk.service.client.get(url)) == (401, "UNAUTHORIZED")


def test_a_link_of_the_pollers_opens_nothing_here_and_one_of_staff_nothing_there(desk: Desk, complete: UUID) -> None:
    upload = desk.lives.uploads.get(complete)
    assert upload.result
    of_pollers = SignedLinks(KEYS).sign(upload.result.full.key, timedelta(minutes=5)).rpartition("/")[2]
    here = desk.service.client.get(f"/api/support/pictures/{of_pollers}", headers=desk.signed("agnes"))
    of_staff = asked(desk, complete)["result"]["url"].rpartition("/")[2]

    assert error_of(here) == (404, "NOT_FOUND")
    assert error_of(desk.service.client.get(f"/api/blobs/{of_staff}")) == (404, "NOT_FOUND")


def test_what_is_not_there_has_no_link(desk: Desk) -> None:
    waiting, erased = desk.lives.reached(Stage.GENERATING), desk.lives.complete()
    desk.lives.uploads.erase(erased, by="staff:adam")

    body = asked(desk, waiting)
    assert (body["result"], body["preview"], bool(body["original"])) == (None, None, True)
    body = asked(desk, erased)
    assert (body["original"], body["result"], body["preview"]) == (None, None, None)


def test_an_object_that_is_no_picture_is_not_shown(desk: Desk, complete: UUID) -> None:
    upload = desk.lives.uploads.get(complete)
    key = original_key(complete, upload.original_sha256)
    desk.service.store.put(key, io.BytesIO(b"<html><script>alert(1)</script>"), "image/jpeg")
    url = asked(desk, complete)["original"]["url"]
    assert error_of(desk.service.client.get(url, headers=desk.signed("agnes"))) == (404, "NOT_FOUND")


def test_a_viewer_and_a_request_without_a_reason_get_no_link(desk: Desk, complete: UUID) -> None:
    assert error_of(links(desk, complete, by="vera")) == (403, "FORBIDDEN")
    path = f"/api/support/uploads/{complete}/pictures"
    answer = desk.service.client.post(path, json={"reason": ""}, headers=desk.signed("agnes"))
    assert error_of(answer) == (400, "BAD_REQUEST")
    assert desk.deeds(complete) == []


def test_an_upload_that_there_is_not_is_said_in_the_words_of_staff(desk: Desk) -> None:
    nowhere = uuid4()
    answer = links(desk, nowhere, by="agnes")

    assert error_of(answer) == (404, "NOT_FOUND")
    assert answer.json()["error"]["message"] == f"There is no upload {nowhere} in the log."
