"""Idempotency-Key: one submission for a key within a session, however often and however fast it is sent."""

from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest

from app.signing.sessions import Sessions
from domain.errors import UploadNotFoundError
from domain.upload import Upload
from domain.uploads import Uploads
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, PNG, Service, error_of, running_service


def test_a_repeated_submission_finds_the_first_one(service: Service) -> None:
    first = service.post(Idempotency_Key="k-1")
    service.complete(UUID(first.json()["jobId"]))

    second = service.post(Idempotency_Key="k-1")

    assert (second.status_code, second.json()) == (202, first.json())
    assert service.uploads() == 1


def test_a_key_belongs_to_its_session(service: Service) -> None:
    one, two = service.sessions.new().token, service.sessions.new().token

    answers = [service.post(X_Session_Token=token, Idempotency_Key="k") for token in (one, two, one)]

    jobs = [answer.json()["jobId"] for answer in answers]
    assert jobs[0] == jobs[2] != jobs[1]
    assert [answer.json()["sessionToken"] for answer in answers] == [one, two, one]


def test_the_token_of_a_keyed_first_submission_leads_to_the_same_job(service: Service) -> None:
    first = service.post(Idempotency_Key="k").json()

    again = service.post(Idempotency_Key="k", X_Session_Token=first["sessionToken"]).json()

    assert again == first


@pytest.mark.parametrize("with_token", [False, True])
def test_other_bytes_under_the_same_key_are_refused_and_leave_nothing(service: Service, *, with_token: bool) -> None:
    headers = {"X_Session_Token": service.sessions.new().token} if with_token else {}
    first = service.post(JPEG, Idempotency_Key="k", **headers)
    kept = service.objects()

    refused = service.post(PNG, Idempotency_Key="k", **headers)

    assert error_of(refused) == (422, "IDEMPOTENCY_CONFLICT")
    assert first.json()["sessionToken"] not in refused.text
    assert service.objects() == kept
    assert service.store.get(kept[0]) == JPEG
    assert service.post(JPEG, Idempotency_Key="k", **headers).json() == first.json()


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
        first = service.post(JPEG, Idempotency_Key="k")
    late = LateUploads.__new__(LateUploads)
    late.__dict__.update(uploads.__dict__)

    with running_service(database_url, tmp_path, uploads=late) as service:
        refused = service.post(PNG, Idempotency_Key="k")

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
def test_every_other_key_is_taken(service: Service, key: str) -> None:
    assert service.post(Idempotency_Key=key).status_code == 202


def test_a_key_outlives_the_rotation_of_secret_keys(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running_service(database_url, tmp_path) as service:
        before = service.post(Idempotency_Key="k").json()
    monkeypatch.setattr("tests.api_services.KEYS", ("a newer key, put before the old", *KEYS))

    with running_service(database_url, tmp_path) as service:
        after = service.post(Idempotency_Key="k").json()

        assert after["jobId"] == before["jobId"]
        assert service.poll(before["jobId"], before["sessionToken"]).status_code == 200
        assert service.poll(before["jobId"], after["sessionToken"]).status_code == 200
        assert Sessions(KEYS).read(after["sessionToken"]) is None  # the newest key signs
