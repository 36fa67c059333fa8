"""Idempotency-Key: one submission for a key within a session, however often and however fast it is sent."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Any, BinaryIO
from uuid import UUID

import pytest

from app.signing.sessions import Sessions
from domain.errors import UploadNotFoundError
from domain.upload import Upload
from domain.uploads import Uploads
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, KEY, PNG, Service, error_of, running_service


def test_a_repeated_submission_finds_the_first_one(service: Service) -> None:
    first = service.post(Idempotency_Key=KEY)
    service.complete(UUID(first.json()["jobId"]))

    second = service.post(Idempotency_Key=KEY)

    assert (second.status_code, second.json()) == (202, first.json())
    assert service.uploads() == 1


def test_a_key_belongs_to_its_session(service: Service) -> None:
    one, two = service.sessions.new().token, service.sessions.new().token

    answers = [service.post(X_Session_Token=token, Idempotency_Key=KEY) for token in (one, two, one)]

    jobs = [answer.json()["jobId"] for answer in answers]
    assert jobs[0] == jobs[2] != jobs[1]
    assert [answer.json()["sessionToken"] for answer in answers] == [one, two, one]


def test_the_token_of_a_keyed_first_submission_leads_to_the_same_job(service: Service) -> None:
    first = service.post(Idempotency_Key=KEY).json()

    again = service.post(Idempotency_Key=KEY, X_Session_Token=first["sessionToken"]).json()

    assert again == first


@pytest.mark.parametrize("with_token", [False, True])
def test_other_bytes_under_the_same_key_are_refused_and_leave_nothing(service: Service, *, with_token: bool) -> None:
    headers = {"X_Session_Token": service.sessions.new().token} if with_token else {}
    first = service.post(JPEG, Idempotency_Key=KEY, **headers)
    kept = service.objects()

    refused = service.post(PNG, Idempotency_Key=KEY, **headers)

    assert error_of(refused) == (422, "IDEMPOTENCY_CONFLICT")
    assert first.json()["sessionToken"] not in refused.text
    assert service.objects() == kept
    assert service.store.get(kept[0]) == JPEG
    assert service.post(JPEG, Idempotency_Key=KEY, **headers).json() == first.json()


class LateUploads(Uploads):
    """A log that seems empty at the first look, as it does to the second of two posts at once."""

    looks = 0

    def get(self, upload_id: UUID, version: int | None = None) -> Upload:
        """Find nothing once; submit looks again and finds it."""
        self.looks += 1
        if self.looks == 1:
            raise UploadNotFoundError
        return super().get(upload_id, version)


def test_the_loser_of_a_race_takes_its_own_original_away_and_no_other(
    database_url: str, tmp_path: Path, uploads: Uploads
) -> None:
    with running_service(database_url, tmp_path) as service:
        first = service.post(JPEG, Idempotency_Key=KEY)
    late = LateUploads.__new__(LateUploads)
    late.__dict__.update(uploads.__dict__)

    with running_service(database_url, tmp_path, uploads=late) as service:
        refused = service.post(PNG, Idempotency_Key=KEY)

        assert error_of(refused) == (422, "IDEMPOTENCY_CONFLICT")
        assert late.looks == 2
        digest = sha256(JPEG).hexdigest()
        assert service.objects() == [f"{first.json()['jobId']}/original-{digest[:16]}"]


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "tab\tbed", "caf\u00e9", "\u202e", "\x7f"])
def test_a_key_outside_of_the_visible_characters_is_refused(service: Service, key: str) -> None:
    response = service.client.post("/api/uploads", files={"image": JPEG}, headers={b"Idempotency-Key": key.encode()})

    assert error_of(response) == (400, "BAD_REQUEST")
    assert (service.uploads(), service.objects()) == (0, [])


@pytest.mark.parametrize("key", ["x" * 255, "!", "~", '"quoted"', "../../x", "%00"])
def test_every_other_key_is_taken_with_a_token_and_is_too_weak_without_one(service: Service, key: str) -> None:
    token = service.sessions.new().token

    assert service.post(Idempotency_Key=key, X_Session_Token=token).status_code == 202

    refused = service.post(Idempotency_Key=key)
    assert error_of(refused) == (400, "BAD_REQUEST") or len(key) == 255
    assert len(key) == 255 or "128 random bits" in refused.json()["error"]["message"]


@pytest.mark.parametrize("key", [KEY, f'"{KEY}"', KEY.replace("-", ""), "A-_9" * 5 + "xy", "x" * 253, "7" * 39])
def test_without_a_token_a_key_of_128_bits_is_taken(service: Service, key: str) -> None:
    assert service.post(Idempotency_Key=key).status_code == 202


@pytest.mark.parametrize(
    "key",
    ["A-_9" * 5 + "x", "a key with spaces that is long", "+" * 30, "0a" * 15, '"FACE1234FACE1234FACE1234"', "7" * 38],
)
def test_without_a_token_a_key_that_can_be_guessed_is_refused(service: Service, key: str) -> None:
    assert error_of(service.post(Idempotency_Key=key)) == (400, "BAD_REQUEST")


@pytest.mark.parametrize(("hours", "is_the_same"), [(1, True), (23, True), (25, False), (49, False)])
@pytest.mark.parametrize("with_token", [False, True])
def test_a_key_lives_for_24_hours(
    database_url: str, tmp_path: Path, hours: int, *, is_the_same: bool, with_token: bool
) -> None:
    headers: dict[str, Any] = {"X_Session_Token": Sessions(KEYS).new().token} if with_token else {}
    with running_service(database_url, tmp_path) as service:
        first = service.post(Idempotency_Key=KEY, **headers).json()
    with running_service(database_url, tmp_path, clock=lambda: datetime.now(UTC) + timedelta(hours=hours)) as service:
        later = service.post(Idempotency_Key=KEY, **headers).json()
        again = service.post(Idempotency_Key=KEY, **headers).json()

        assert (later["jobId"] == first["jobId"]) == is_the_same
        assert again["jobId"] == later["jobId"]
        assert service.poll(first["jobId"], first["sessionToken"]).status_code == 200
        assert service.poll(later["jobId"], later["sessionToken"]).status_code == 200
        if not is_the_same and not with_token:
            assert service.poll(first["jobId"], later["sessionToken"]).status_code == 404


def test_the_same_key_is_told_to_wait_while_the_first_is_in_flight(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.api.uploads.in_flight.PATIENCE_SECONDS", 0.2)
    begun, heal, put = Event(), Event(), service.store.put

    def slow(key: str, body: BinaryIO, media_type: str) -> None:
        begun.set()
        assert heal.wait(20)
        put(key, body, media_type)

    monkeypatch.setattr(service.store, "put", slow)
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(service.post, Idempotency_Key=KEY)
        assert begun.wait(20)
        early = service.post(Idempotency_Key=KEY)
        other = service.post(PNG, Idempotency_Key=KEY, X_Session_Token=service.sessions.new().token[:-1])
        heal.set()

    assert error_of(early) == (409, "CONFLICT")
    assert int(early.headers["Retry-After"]) > 0
    assert other.status_code == 401
    assert first.result().status_code == 202
    assert service.post(Idempotency_Key=KEY).json()["jobId"] == first.result().json()["jobId"]
    assert error_of(service.post(PNG, Idempotency_Key=KEY)) == (422, "IDEMPOTENCY_CONFLICT")


def test_a_key_outlives_the_rotation_of_secret_keys(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_service(database_url, tmp_path) as service:
        before = service.post(Idempotency_Key=KEY).json()
    monkeypatch.setattr("tests.api_services.KEYS", ("a newer key, put before the old", *KEYS))

    with running_service(database_url, tmp_path) as service:
        after = service.post(Idempotency_Key=KEY).json()

        assert after["jobId"] == before["jobId"]
        assert service.poll(before["jobId"], before["sessionToken"]).status_code == 200
        assert service.poll(before["jobId"], after["sessionToken"]).status_code == 200
        assert Sessions(KEYS).read(after["sessionToken"]) is None  # the newest key signs
