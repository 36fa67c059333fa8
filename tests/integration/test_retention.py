"""Retention: what was kept for its time expires in the log, and the sweeper deletes it from the storage."""

import io
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.errors import StorageRefusedError, UnavailableError
from domain.events import Expired
from domain.objects import Expiry, answer_key, clean_key, original_key
from domain.stages import Stage
from domain.upload import Upload
from projections.audit.verification import Verification
from tests.integration.readers.reading import PATIENCE
from tests.lives import Lives
from tests.waiting import until
from workers.upkeep.erasure import erase
from workers.upkeep.retention import Retention, rules
from workers.upkeep.sweeper import sweeper

DAY = timedelta(days=1)
PHOTO = 3
"""Objects beside the pictures: the original, the clean copy and an answer."""


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    """A log, a read model and a storage."""
    with Lives(database_url, tmp_path) as lives:
        yield lives


def kept(lives: Lives, upload_id: UUID, *, days: int) -> UUID:
    """The upload with all of its objects, and so many days older."""
    for key in (original_key(upload_id, "a" * 64), clean_key(upload_id), answer_key(upload_id, "b" * 64)):
        lives.store.put(key, io.BytesIO(b"photo"), "image/jpeg")
    lives.project()
    lives.age(upload_id, days * DAY)
    return upload_id


def look(lives: Lives, originals: int | None = None, results: int | None = None, failed: int | None = None) -> int:
    found = Retention(lives.uploads, lives.pool, rules(originals, results, failed)).look()
    lives.project()
    return found


def sweep(lives: Lives) -> None:
    sweeper(lives.log, lives.pool, lives.store).catch_up()


def objects(lives: Lives, upload_id: UUID) -> int:
    return len(list(lives.store.keys(f"{upload_id}/")))


def test_first_the_photo_goes_and_later_the_pictures(lives: Lives) -> None:
    old, young = kept(lives, lives.complete(), days=31), kept(lives, lives.complete(), days=29)

    assert look(lives, originals=30, results=90) == 1
    sweep(lives)
    assert (objects(lives, old), objects(lives, young)) == (2, PHOTO + 2)
    assert lives.uploads.get(old).expired is Expiry.ORIGINAL
    assert list(Verification(lives.pool, lives.store).violations()) == []

    lives.age(old, 60 * DAY)
    assert look(lives, originals=30, results=90) == 1
    sweep(lives)
    assert (objects(lives, old), objects(lives, young)) == (0, PHOTO + 2)
    assert lives.uploads.get(old).expired is Expiry.EVERYTHING
    assert look(lives, originals=30, results=90) == 0
    assert list(Verification(lives.pool, lives.store).violations()) == []


def test_a_failed_upload_goes_with_its_photo(lives: Lives) -> None:
    old = kept(lives, lives.failed(Stage.GENERATING), days=8)
    young = kept(lives, lives.failed(Stage.GENERATING), days=6)
    waiting = kept(lives, lives.submitted(), days=50)

    look(lives, originals=30, failed=7)
    sweep(lives)

    assert [objects(lives, upload_id) for upload_id in (old, young, waiting)] == [0, PHOTO, PHOTO]


def test_one_that_was_retried_and_not_projected_yet_stays(lives: Lives) -> None:
    upload_id = kept(lives, lives.failed(Stage.GENERATING), days=8)
    lives.uploads.execute(upload_id, Upload.retry, by="session:abc")

    look(lives, failed=7)

    assert lives.uploads.get(upload_id).expired is None


def test_one_whose_stream_cannot_be_read_keeps_no_other_from_expiring(lives: Lives) -> None:
    broken, other = kept(lives, lives.complete(), days=40), kept(lives, lives.complete(), days=39)
    version = lives.uploads.get(broken).version
    lives.insert(broken, version + 1, "upload.unheard-of")

    look(lives, results=30)

    assert lives.uploads.get(other).expired is Expiry.EVERYTHING


def test_the_event_says_that_the_reconciler_did_it_and_the_time_of_completion_stays(lives: Lives) -> None:
    upload_id = kept(lives, lives.complete(), days=31)
    asked = f"SELECT completed_at FROM uploads WHERE upload_id = '{upload_id}'"
    before = only(lives, asked)

    look(lives, results=30)

    last = lives.log.history(upload_id)[-1].event
    assert isinstance(last, Expired)
    assert last.actor == "reconciler"
    assert only(lives, asked) == before
    assert only(lives, asked.replace("completed_at", "kept_since")) is None


def only(lives: Lives, query: str) -> Any:  # noqa: ANN401 - of any column
    with lives.pool.connection() as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row
    return row[0]


def test_objects_that_outlive_their_time_are_found(lives: Lives) -> None:
    upload_id = kept(lives, lives.complete(), days=31)
    look(lives, originals=30)
    assert list(Verification(lives.pool, lives.store).violations()) == [], "the sweeper may be on its way"

    lives.age(upload_id, DAY)
    found = [str(violation) for violation in Verification(lives.pool, lives.store).violations()]
    assert len(found) == PHOTO
    assert all("it is expired, but the object" in sentence for sentence in found)

    sweep(lives)
    assert list(Verification(lives.pool, lives.store).violations()) == []


def test_an_erasure_that_was_interrupted_is_finished(lives: Lives) -> None:
    upload_id = kept(lives, lives.complete(), days=1)
    with pytest.raises(UnavailableError):
        erase(lives.uploads, Away(lives), upload_id, by="staff:erika")  # type: ignore[arg-type] # as far as it is used

    sweep(lives)

    assert objects(lives, upload_id) == 0


class Away:
    """A storage that does not answer."""

    def __init__(self, lives: Lives) -> None:
        self._store = lives.store

    def keys(self, _: str) -> Iterator[str]:
        raise UnavailableError


class Refusing:
    """A storage that refuses its first deletion and takes the next one."""

    def __init__(self, lives: Lives) -> None:
        self._store = lives.store
        self.refusals = 0

    def keys(self, prefix: str) -> Iterator[str]:
        return self._store.keys(prefix)

    def delete(self, key: str) -> None:
        if not self.refusals:
            self.refusals += 1
            raise StorageRefusedError
        self._store.delete(key)


class NoWakeups:
    """Wakeups that never come."""

    def wait(self, _: float) -> bool:
        return False


def test_a_storage_that_refuses_delays_the_sweeper_and_ends_no_thread(lives: Lives) -> None:
    upload_id = kept(lives, lives.complete(), days=31)
    look(lives, results=30)
    storage, stopping = Refusing(lives), threading.Event()
    follower = sweeper(lives.log, lives.pool, storage)  # type: ignore[arg-type] # as far as it is used
    thread = threading.Thread(target=follower.run, args=(stopping, NoWakeups()))
    thread.start()

    until(lambda: objects(lives, upload_id) == 0, "the sweeper has not gone on")

    assert storage.refusals == 1
    stopping.set()
    thread.join(PATIENCE)


def test_an_expiry_of_a_newer_version_is_left_alone(lives: Lives) -> None:
    upload_id = kept(lives, lives.complete(), days=31)
    version = lives.uploads.get(upload_id).version
    lives.insert(upload_id, version + 1, "upload.expired", objects="thumbnails", actor="reconciler")

    sweep(lives)

    assert objects(lives, upload_id) == PHOTO + 2


def test_a_row_that_still_runs_cannot_be_expired(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("INSERT INTO uploads (upload_id) VALUES (gen_random_uuid())")
        with pytest.raises(psycopg.errors.CheckViolation, match="uploads_expired_check"):
            connection.execute("UPDATE uploads SET expired = 'everything'")
