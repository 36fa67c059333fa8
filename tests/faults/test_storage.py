"""A storage that fails one object of an upload: a real worker, the real driver, and a server that speaks S3's protocol.

Six uploads side by side, each with the fault at another object. The fake asks the log at every request how far the
upload is, so that its ledger tells what was shown before an object was known to be there.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import inf
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from domain.errors import UploadNotFoundError
from domain.failures import MESSAGES, FailureCode
from domain.stages import Status
from domain.upload import Upload
from tests.fakes.s3 import FakeS3, Fault
from tests.fakes.s3_faults import answer_lost, half, hang, status
from tests.faults.plant import Plant, running_plant

OBJECTS: Final = {
    "the original": ("GET", "original"),
    "the clean copy": ("PUT", "clean.jpg"),
    "the answer": ("PUT", "generated"),
    "the full image": ("PUT", "full"),
    "the full image, read back": ("GET", "full"),
    "the preview": ("PUT", "preview"),
}
FREE: Final = {"the original", "the clean copy"}
"""Where nothing has been paid for yet."""
SHOWN: Final = {"clean.jpg": 10, "generated": 69, "full": 70, "preview": 90}
"""The most progress that may be shown before the object was read back."""


@pytest.fixture
def s3() -> Iterator[FakeS3]:
    with FakeS3() as s3:
        yield s3


@pytest.fixture
def plant(database_url: str, valkey_url: str, tmp_path: Path, s3: FakeS3) -> Iterator[Plant]:
    with running_plant(database_url, valkey_url, tmp_path, s3.environ) as plant:
        s3.witness = lambda key: as_the_log_has_it(plant, key)
        yield plant
        assert (s3.turned_away, plant.gemini.turned_away) == ([], [])


def as_the_log_has_it(plant: Plant, key: str) -> Upload | None:
    try:
        return plant.upload(UUID(key.partition("/")[0]))
    except (UploadNotFoundError, ValueError):
        return None  # the original comes before the submission, and verifying asks for every key at once


def submit_with(plant: Plant, s3: FakeS3, fault: Fault, times: float) -> dict[str, UUID]:
    """An upload for each name, with the fault there."""
    jobs = {name: plant.submit() for name in OBJECTS}
    for name, upload_id in jobs.items():
        method, kind = OBJECTS[name]
        s3.fail(method, f"{upload_id}/{kind}", fault, times)
    return jobs


@pytest.mark.parametrize(
    ("fault", "times", "costs_an_attempt"),
    [
        (status(503, "SlowDown"), 2, True),
        (status(412, "PreconditionFailed"), 1, True),
        (half(), 1, True),
        (answer_lost(), 1, False),
        (hang(), 2, True),
    ],
    ids=["503", "412", "half", "answer lost", "silence"],
)
def test_a_storage_that_fails_for_a_moment_costs_an_attempt_at_most_and_no_second_picture(
    plant: Plant, s3: FakeS3, fault: Fault, times: int, *, costs_an_attempt: bool
) -> None:
    jobs = submit_with(plant, s3, fault, times)
    plant.worker("--silence", "1")

    assert plant.until_ended(*jobs.values()) == [Status.COMPLETED] * len(OBJECTS)
    assert {name: plant.codes(job) for name, job in jobs.items()} == {
        # The answer is held until it is kept: the attempt goes on.
        name: ["STORAGE_UNAVAILABLE"] if costs_an_attempt and name != "the answer" else []
        for name in OBJECTS
    }
    assert calls_by_photo(plant) == [1] * len(OBJECTS)
    for job in jobs.values():
        assert_shown_after_it_was_read_back(s3, job)
    plant.assert_verified()


def test_a_storage_that_says_403_fails_the_upload_at_once_and_says_why(plant: Plant, s3: FakeS3) -> None:
    jobs = submit_with(plant, s3, status(403, "AccessDenied"), inf)
    worker = plant.worker()

    assert plant.until_ended(*jobs.values()) == [Status.FAILED] * len(OBJECTS)
    for name, job in jobs.items():
        upload = plant.upload(job)
        method, kind = OBJECTS[name]
        assert (upload.attempt, upload.error_code) == (1, FailureCode.STORAGE_REFUSED), name
        assert upload.error_message == MESSAGES[FailureCode.STORAGE_REFUSED]
        assert [asked.status for asked in s3.ledger(f"{job}/{kind}", method)] == [403], name
        assert_not_shown(upload, kind)
    assert worker.output.count("The object storage refused: AccessDenied.") == len(OBJECTS)
    assert calls_by_photo(plant) == [1] * (len(OBJECTS) - len(FREE))
    plant.assert_verified()


def test_a_storage_that_stays_away_fails_the_upload_after_three_attempts_and_one_picture(
    plant: Plant, s3: FakeS3
) -> None:
    jobs = submit_with(plant, s3, status(503, "SlowDown"), inf)
    plant.worker()

    assert plant.until_ended(*jobs.values(), seconds=90) == [Status.FAILED] * len(OBJECTS)
    for name, job in jobs.items():
        upload = plant.upload(job)
        # An attempt without the answer would have to pay for another one, so the first one tries for as long as three.
        attempts = 1 if name == "the answer" else 3
        assert (upload.attempt, upload.error_code) == (attempts, FailureCode.STORAGE_UNAVAILABLE), name
        assert all(first < second for first, second in pairwise(plant.waits(job))), name
        assert_not_shown(upload, OBJECTS[name][1])
    assert calls_by_photo(plant) == [1] * (len(OBJECTS) - len(FREE))
    plant.assert_verified()


def assert_shown_after_it_was_read_back(s3: FakeS3, upload_id: UUID) -> None:
    """Until an object was read as it had been sent, the log said nothing of it."""
    for kind in SHOWN:
        sent = s3.ledger(f"{upload_id}/{kind}", "PUT")[-1].sha256
        for request in s3.ledger(f"{upload_id}/{kind}", "PUT", "GET"):
            assert isinstance(request.witnessed, Upload)
            assert_not_shown(request.witnessed, kind)
            if (request.method, request.sha256) == ("GET", sent):
                break
        else:
            raise AssertionError(f"{kind} was never read back")


def assert_not_shown(upload: Upload, kind: str) -> None:
    """The upload says nothing of an object that may not be there."""
    assert upload.progress <= SHOWN.get(kind, 10), kind
    assert kind != "full" or upload.result is None
    assert kind != "preview" or (upload.result is not None and upload.result.preview is None)


def calls_by_photo(plant: Plant) -> list[int]:
    """How often the image model was asked, for each photo that it has seen; no two are alike."""
    photos = [call.sha256 for call in plant.gemini.calls]
    return [photos.count(photo) for photo in set(photos)]
