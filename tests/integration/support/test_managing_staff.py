"""Admins manage the staff over HTTP; a token is in one answer, and every change is on record."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import pytest

from tests.integration.api.service import error_of
from tests.integration.support.desk import Desk


def post(desk: Desk, path: str, by: str = "adam", **fields: object) -> httpx.Response:
    return desk.service.client.post(f"/api/support/staff{path}", json=fields, headers=desk.signed(by))


def added(desk: Desk, name: str = "erika", **fields: object) -> dict[str, Any]:
    given = {"name": name, "role": "agent", **fields}
    response = desk.service.client.post("/api/support/staff", json=given, headers=desk.signed("adam"))
    assert response.status_code == 201, response.text
    body: dict[str, Any] = response.json()
    return body


def test_a_member_is_added_and_the_token_works_and_is_shown_once(desk: Desk) -> None:
    until = datetime.now(UTC) + timedelta(days=1)
    body = added(desk, until=until.isoformat())

    assert (body["member"]["name"], body["member"]["role"], body["member"]["state"]) == ("erika", "agent", "active")
    me = desk.get("me", by=body["token"]).json()
    assert (me["name"], me["role"], datetime.fromisoformat(me["until"])) == ("erika", "agent", until)
    listed = desk.get("staff", by="adam")
    assert [member["name"] for member in listed.json()["members"]] == ["adam", "agnes", "erika", "vera"]
    assert body["token"] not in listed.text


def test_a_day_is_the_last_one_of_the_access_as_on_the_command_line(desk: Desk) -> None:
    last = datetime.now(UTC).date()
    until = added(desk, until=last.isoformat())["member"]["until"]

    assert datetime.fromisoformat(until) == datetime.combine(last, time(), UTC) + timedelta(days=1)


def test_a_rotated_token_ends_the_old_one_and_may_change_the_role(desk: Desk) -> None:
    old = added(desk)["token"]
    body = post(desk, "/erika/rotate", role="viewer").json()

    assert body["member"]["role"] == "viewer"
    assert error_of(desk.get("me", by=old)) == (401, "UNAUTHORIZED")
    assert desk.get("me", by=body["token"]).json()["role"] == "viewer"


def test_a_revoked_member_is_out_at_once_and_for_good(desk: Desk) -> None:
    token = added(desk)["token"]
    revoked = post(desk, "/erika/revoke").json()["member"]

    assert (revoked["state"], bool(revoked["revokedAt"])) == ("revoked", True)
    assert error_of(desk.get("me", by=token)) == (401, "UNAUTHORIZED")
    assert error_of(post(desk, "/erika/rotate")) == (409, "CONFLICT")
    assert error_of(post(desk, "", name="erika", role="viewer")) == (409, "CONFLICT")


def test_every_change_names_the_admin_and_the_request(desk: Desk) -> None:
    added(desk)
    post(desk, "/erika/rotate")
    post(desk, "/erika/revoke")

    deeds = [deed for deed in desk.deeds() if deed.subject == "erika"]
    assert [(deed.action, deed.actor) for deed in deeds] == [
        ("staff-added", "staff:adam"),
        ("staff-rotated", "staff:adam"),
        ("staff-revoked", "staff:adam"),
    ]
    assert len({deed.request_id for deed in deeds} - {None}) == len(deeds), "each by a request of its own"


@pytest.mark.parametrize("path", ["/no-one/rotate", "/no-one/revoke", "/Not%20A%20Name/revoke"])
def test_a_member_who_is_none_is_not_found(desk: Desk, path: str) -> None:
    assert error_of(post(desk, path)) == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "Erika Muster"}, "`name` is 'Erika Muster'. It must be 1 to 64 of a-z"),
        ({"role": "boss"}, "`role` is 'boss'. It must be one of viewer, agent, admin"),
        ({"role": None}, "`role` is ''. It must be one of viewer"),
        ({"until": "2020-01-01"}, "`until` is '2020-01-01'. It must be a time to come; this one is over."),
        ({"token": "x"}, "There is no field 'token'"),
    ],
)
def test_what_cannot_be_understood_adds_no_one(desk: Desk, fields: dict[str, object], told: str) -> None:
    response = desk.service.client.post(
        "/api/support/staff", json={"name": "erika", "role": "agent", **fields}, headers=desk.signed("adam")
    )
    assert error_of(response) == (400, "BAD_REQUEST")
    assert told in response.json()["error"]["message"]
    assert len(desk.staff.members()) == 3
