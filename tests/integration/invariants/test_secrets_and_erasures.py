"""Invariant 8: neither log nor rows hold a secret, and of an erased upload nothing is left."""

from typing import Any
from uuid import UUID

import pytest

from domain.stages import Stage
from projections.audit.verification import Verification
from tests.integration.invariants.violations import LONG, hold, only, violations
from tests.lives import Lives
from workers.upkeep.erasure import erase

TOKEN = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY.c2lnbmF0dXJlLXRoYXQtaXMtZm9ydHktdGhyZWUtYnl0ZXM"


def test_what_an_erasure_left_behind_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.uploads.erase(upload_id, by="staff:erika")
    lives.project()
    for key in lives.store.keys(f"{upload_id}/full"):
        lives.store.delete(key)
    assert violations(lives) == [], "it may be under way"
    lives.age(upload_id, LONG)
    hold(lives, upload_id)
    assert violations(lives) == [], "its run may have stored it since"
    lives.execute("DELETE FROM leases")
    (key,) = lives.store.keys(f"{upload_id}/")
    assert only(lives, upload_id) == (8, f"it is erased, but the object {key} exists.")
    lives.store.delete(key)
    assert violations(lives) == []


def test_what_is_erased_while_the_storage_is_read_is_no_violation(lives: Lives) -> None:
    erased, broken = lives.complete(), lives.complete()
    lives.project()
    for key in list(lives.store.keys(f"{broken}/full")):
        lives.store.delete(key)
    found = Verification(lives.pool, Erasing(lives, erased)).violations()
    assert [violation.upload_id for violation in found] == [broken]
    assert lives.uploads.get(erased).erased


class Erasing:
    """A storage in which an upload is erased at the first look at any object."""

    def __init__(self, lives: Lives, upload_id: UUID) -> None:
        self._lives = lives
        self._upload_id = upload_id

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whichever method it is
        if not self._lives.uploads.get(self._upload_id).erased:
            erase(self._lives.uploads, self._lives.store, self._upload_id, by="staff:erika")
        return getattr(self._lives.store, name)


def test_a_row_of_an_erased_upload_is_found_when_it_stays(lives: Lives) -> None:
    upload_id = lives.failed(Stage.GENERATING)
    lives.project()
    lives.uploads.erase(upload_id, by="staff:erika")
    lives.age(upload_id, LONG)
    lives.execute("UPDATE positions SET updated_at = updated_at - %s", LONG)
    assert only(lives, upload_id)[0] == 4
    lives.project()
    assert violations(lives) == []


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"filename": "x"}, "filename is no fact of this event."),
        ({"correlation_id": TOKEN}, "correlation_id looks like a signed token."),
        ({"correlation_id": "IMG_2041.JPG"}, "correlation_id looks like a filename."),
        ({"correlation_id": "postgres://u:secret@db/x"}, "correlation_id looks like a password."),
        ({"correlation_id": "AIza" + "x" * 35}, "correlation_id looks like an API key."),
        ({"correlation_id": "https://h/o?X-Amz-Signature=1"}, "correlation_id looks like a signed URL."),
    ],
)
def test_what_an_event_should_not_say_is_found_and_not_repeated(
    lives: Lives, facts: dict[str, Any], sentence: str
) -> None:
    upload_id = lives.submitted()
    lives.insert(upload_id, 2, "upload.attempt-started", attempt=1, **facts)
    assert only(lives, upload_id) == (8, f"version 2 (upload.attempt-started): {sentence}")


def test_a_secret_in_a_list_is_found_too(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.insert(upload_id, 2, "upload.teleported", notes=[{"by": "me"}, {"by": TOKEN}])
    found = [(violation.invariant, violation.sentence) for violation in violations(lives)]
    assert (8, "version 2 (upload.teleported): notes.by looks like a signed token.") in found


def test_a_session_in_a_row_that_is_no_hash_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.execute("UPDATE uploads SET session_hash = 'the session itself'")
    found = [(violation.invariant, violation.sentence) for violation in violations(lives)]
    assert (8, "its row in uploads: session_hash is no SHA-256.") in found
    assert [violation.upload_id for violation in violations(lives)] == [upload_id] * 2
