"""A healthy system has no violation. Each fault made by hand is found as exactly one violation, in one line."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.types.json import Jsonb

from domain.errors import StorageRefusedError
from domain.failures import FailureCode
from domain.stages import Stage
from projections.audit.evidence import Violation
from projections.audit.verification import Verification
from tests.lives import WORKER, Lives
from workers.upkeep.erasure import erase

LONG = timedelta(minutes=5)
SHORT = timedelta(seconds=60)
TOKEN = "QUJDREVGR0hJSktMTU5PUFFSU1RVVldY.c2lnbmF0dXJlLXRoYXQtaXMtZm9ydHktdGhyZWUtYnl0ZXM"


@pytest.fixture
def lives(database_url: str, tmp_path: Path) -> Iterator[Lives]:
    with Lives(database_url, tmp_path) as lives:
        yield lives


def violations(lives: Lives) -> list[Violation]:
    return list(Verification(lives.pool, lives.store).violations())


def only(lives: Lives, upload_id: UUID) -> tuple[int, str]:
    """The one violation there is: its invariant and its sentence."""
    (violation,) = violations(lives)
    assert violation.upload_id == upload_id
    return violation.invariant, violation.sentence


def test_an_empty_log_holds(lives: Lives) -> None:
    assert violations(lives) == []


def test_uploads_in_every_state_hold_and_are_counted(lives: Lives) -> None:
    for stage in (Stage.VALIDATING, Stage.GENERATING, Stage.STORING, Stage.WATERMARKING, Stage.COMPLETE):
        lives.reached(stage)
    retried = lives.failed(Stage.WATERMARKING)
    lives.uploads.retry(retried, by="session:0")
    lives.run(retried, Stage.COMPLETE)
    waiting = lives.reached(Stage.GENERATING)
    lives.uploads.fail_attempt(
        waiting,
        FailureCode.GENERATION_UNAVAILABLE,
        datetime.now(UTC),
        stage=Stage.GENERATING,
        attempt=1,
        by=WORKER,
    )
    lives.submitted()
    lives.project()
    verification = Verification(lives.pool, lives.store)
    assert list(verification.violations()) == []
    assert verification.checked == {"uploads": 8, "events": lives.log.last_position(), "objects": 6}


def test_more_uploads_than_fit_a_page_are_all_checked(lives: Lives, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("projections.audit.verification.PAGE", 2)
    upload_ids = [lives.submitted() for _ in range(5)]
    lives.project()
    lives.execute("UPDATE uploads SET attempts_left = 1")
    assert [violation.upload_id for violation in violations(lives)] == sorted(upload_ids)


def test_a_violation_is_one_line_that_names_invariant_and_upload() -> None:
    upload_id = uuid4()
    assert str(Violation(3, upload_id, "it is wrong.")) == f"invariant 3: upload {upload_id}: it is wrong."


# Invariant 1


@pytest.mark.parametrize("table", ["uploads", "results", "quarantine"])
def test_a_row_without_a_stream_is_found(lives: Lives, table: str) -> None:
    upload_id = lives.complete()
    lives.project()
    ghost = uuid4()
    match table:
        case "uploads":
            lives.execute("INSERT INTO uploads (upload_id, version) VALUES (%s, 1)", ghost)
        case "quarantine":
            lives.execute("INSERT INTO quarantine (upload_id, position, error) VALUES (%s, 1, '')", ghost)
        case "results":
            lives.execute(
                "INSERT INTO results (result_id, upload_id, model, full_image, created_at)"
                " SELECT gen_random_uuid(), %s, model, full_image, created_at FROM results WHERE upload_id = %s",
                *(ghost, upload_id),
            )
    assert only(lives, ghost) == (1, "it has a row, but no event in the log.")


def test_a_stream_that_does_not_begin_with_its_submission_is_found(lives: Lives) -> None:
    upload_id = uuid4()
    lives.insert(upload_id, 1, "upload.attempt-started", attempt=1)
    assert only(lives, upload_id) == (1, "its stream begins with upload.attempt-started, not with upload.submitted.")


def test_a_second_submission_in_a_stream_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    facts = {"session_hash": "e" * 64, "original_sha256": "f" * 64, "original_size": 1, "prompt_version": 1}
    lives.insert(upload_id, 2, "upload.submitted", **facts)
    lives.project()
    assert only(lives, upload_id) == (1, "it was submitted again, at version 2.")


# Invariant 2


def test_an_open_upload_that_stands_still_is_found_and_an_ended_one_is_not(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    ended = [lives.complete(), lives.failed(Stage.VALIDATING)]
    lives.project()
    for aged in (upload_id, *ended):
        lives.age(aged, LONG)
    invariant, sentence = only(lives, upload_id)
    assert invariant == 2
    assert "stands still since 30" in sentence
    assert "version 4 (upload.stage-advanced)" in sentence


def test_an_upload_may_stand_for_a_while(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.age(upload_id, SHORT)
    assert violations(lives) == []


def test_an_upload_that_a_live_run_holds_does_not_stand_still(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.age(upload_id, LONG)
    hold(lives, upload_id)
    assert violations(lives) == []


def hold(lives: Lives, upload_id: UUID) -> None:
    lives.execute("INSERT INTO leases VALUES (%s, 'w', clock_timestamp() + interval '10 s')", upload_id)


def test_an_upload_that_waits_for_its_next_attempt_does_not_stand_still_until_that_is_due(lives: Lives) -> None:
    later = datetime.now(UTC) + timedelta(minutes=1)
    for retry_at in (later, datetime.now(UTC) - timedelta(minutes=3)):
        upload_id = lives.reached(Stage.GENERATING)
        lives.uploads.fail_attempt(
            upload_id, FailureCode.GENERATION_UNAVAILABLE, retry_at, stage=Stage.GENERATING, attempt=1, by=WORKER
        )
        lives.project()
        lives.age(upload_id, LONG)
    invariant, sentence = only(lives, upload_id)
    assert (invariant, bool(re.search(r"stands still since 1[89]\d s", sentence))) == (2, True)


def test_an_upload_in_a_moving_queue_does_not_stand_still_unless_the_queue_has_passed_it(
    lives: Lives,
) -> None:
    first, waiting = lives.submitted(), lives.submitted()
    lives.age(first, LONG)
    lives.age(waiting, LONG)
    lives.run(first, Stage.VALIDATING)
    lives.project()
    assert violations(lives) == []
    lives.reached(Stage.VALIDATING)
    lives.project()
    invariant, sentence = only(lives, waiting)
    assert (invariant, "stands still since 30" in sentence) == (2, True)


def test_what_follows_a_completion_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    last = lives.log.history(upload_id)[-1].version
    lives.insert(upload_id, last + 1, "upload.attempt-started", attempt=2)
    lives.project()
    assert only(lives, upload_id) == (
        2,
        f"version {last + 1} (upload.attempt-started) follows its end at version {last} (upload.stage-advanced).",
    )


def test_what_follows_a_failure_without_a_retry_is_found(lives: Lives) -> None:
    upload_id = lives.failed(Stage.VALIDATING)
    lives.insert(upload_id, 5, "upload.stage-advanced", attempt=1, stage="generating", progress=30)
    lives.execute("DELETE FROM uploads")
    assert only(lives, upload_id) == (
        2,
        "version 5 (upload.stage-advanced) follows its end at version 4 (upload.failed).",
    )


def test_a_retry_of_an_upload_that_had_not_failed_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.insert(upload_id, 2, "upload.retried")
    lives.project()
    assert only(lives, upload_id) == (2, "version 2 (upload.retried) retries an upload that had not failed.")


# Invariant 3


def test_a_missing_version_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 3, "upload.attempt-started", attempt=1)
    assert only(lives, upload_id) == (3, "version 2 is missing; the next one is 3.")


@pytest.mark.parametrize(
    ("stage", "progress", "sentence"),
    [
        ("validating", 10, "goes back from generating to validating."),
        ("generating", 29, "has generating at 29, outside of its band."),
        ("generating", 71, "has generating at 71, outside of its band."),
        ("watermarking", 90, "goes from generating to watermarking, past a stage."),
        ("failed", 50, "has failed at 50, outside of its band."),
    ],
)
def test_an_advance_that_the_domain_would_refuse_is_found(
    lives: Lives, stage: str, progress: int, sentence: str
) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.insert(upload_id, 5, "upload.stage-advanced", attempt=1, stage=stage, progress=progress)
    assert (3, f"version 5 {sentence}") in [(found.invariant, found.sentence) for found in violations(lives)]


def test_progress_that_falls_is_found(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.uploads.advance(upload_id, Stage.GENERATING, 60, attempt=1, by=WORKER)
    lives.insert(upload_id, 6, "upload.stage-advanced", attempt=1, stage="generating", progress=40)
    lives.project()
    assert only(lives, upload_id) == (3, "version 6 lets progress fall from 60 to 40.")


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("upload.teleported", {}),
        ("upload.attempt-started", {}),
        ("upload.attempt-started", {"attempt": "first"}),
        ("upload.attempt-started", {"attempt": 1, "schema_version": "x"}),
    ],
)
def test_an_event_that_cannot_be_read_is_found_and_ends_nothing(lives: Lives, name: str, facts: dict[str, Any]) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 2, name, **facts)
    other = lives.submitted()
    lives.execute("INSERT INTO uploads (upload_id, version) VALUES (%s, 9)", other)
    found = {violation.upload_id: violation for violation in violations(lives)}
    assert set(found) == {upload_id, other}
    assert found[upload_id].invariant == 3
    assert found[upload_id].sentence.startswith(f"version 2 ({name}) cannot be read: ")


def test_a_row_past_an_event_that_cannot_be_read_is_not_judged(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 2, "upload.teleported")
    lives.execute("UPDATE uploads SET version = 2")
    invariant, _ = only(lives, upload_id)
    assert invariant == 3


def test_every_fault_of_a_stream_that_cannot_be_read_at_all_is_found(lives: Lives) -> None:
    upload_id = uuid4()
    lives.insert(upload_id, 1, "upload.teleported")
    lives.age(upload_id, LONG)
    assert [violation.invariant for violation in violations(lives)] == [1, 3, 2, 4]


# Invariant 4


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("progress = 45", "uploads.progress is 45, the log says 30."),
        ("attempts_left = 0", "uploads.attempts_left is 0, the log says 2."),
        ("created_at = '2020-01-01Z'", "uploads.created_at is 2020-01-01 00:00:00+00:00, the log says "),
        (
            "progress = 45, attempt = 7",
            "uploads.progress is 45, the log says 30; uploads.attempt is 7, the log says 1.",
        ),
    ],
)
def test_a_row_that_differs_from_the_log_is_found_with_its_values(lives: Lives, change: str, sentence: str) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    lives.project()
    lives.execute(f"UPDATE uploads SET {change}")
    invariant, found = only(lives, upload_id)
    assert invariant == 4
    assert found.startswith(sentence)


def test_a_result_that_differs_from_the_log_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.project()
    lives.execute("UPDATE results SET model = 'another'")
    assert only(lives, upload_id) == (4, "results.model is another, the log says local/test.")


def test_a_missing_result_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.project()
    lives.execute("DELETE FROM results")
    assert only(lives, upload_id) == (4, "its row in results is missing.")


def test_a_result_that_the_log_does_not_know_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    picture = {"key": f"{upload_id}/x", "sha256": "a", "size": 1, "width": 1, "height": 1, "media_type": "image/jpeg"}
    lives.execute(
        "INSERT INTO results VALUES (gen_random_uuid(), %s, 'm', %s, NULL, clock_timestamp())",
        *(upload_id, Jsonb(picture)),
    )
    assert only(lives, upload_id) == (4, "it has a row in results that the log does not know.")


def test_a_row_that_is_ahead_of_the_log_is_found(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.execute("UPDATE uploads SET version = 7")
    assert only(lives, upload_id) == (4, "its row is at version 7, the log at 1.")


def test_a_row_that_fits_no_shape_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.project()
    lives.execute("UPDATE results SET full_image = %s", Jsonb({"key": 5}))
    invariant, sentence = only(lives, upload_id)
    assert invariant == 4
    assert sentence.startswith("its row cannot be read: ")


def test_a_row_may_lag_for_a_while_and_is_compared_with_its_own_version(lives: Lives) -> None:
    upload_id = lives.reached(Stage.VALIDATING)
    lives.project()
    lives.uploads.advance(upload_id, Stage.GENERATING, 30, attempt=1, by=WORKER)
    missing = lives.complete()
    lives.age(missing, SHORT)
    assert violations(lives) == []
    lives.execute("UPDATE uploads SET attempt = 2")
    assert only(lives, upload_id) == (4, "uploads.attempt is 2, the log says 1.")


def test_a_row_that_lags_for_too_long_is_found(lives: Lives) -> None:
    upload_id = lives.failed(Stage.VALIDATING)
    lives.project()
    lives.uploads.retry(upload_id, by="session:0")
    lives.uploads.cancel(upload_id, by="session:0")
    lives.age(upload_id, LONG)
    assert violations(lives) == [], "the projector has just moved, and may be on its way"
    lives.execute("UPDATE positions SET updated_at = updated_at - %s", LONG)
    invariant, sentence = only(lives, upload_id)
    assert invariant == 4
    assert re.fullmatch(r"its row is at version 4 although version 5 is 3[01]\d s old\.", sentence)


def test_a_row_that_is_missing_for_too_long_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.age(upload_id, LONG)
    invariant, sentence = only(lives, upload_id)
    assert invariant == 4
    assert re.fullmatch(r"its row is missing although version 1 is 3[01]\d s old\.", sentence)


def test_a_row_may_lag_for_as_long_as_a_rebuild_takes(lives: Lives, database_url: str) -> None:
    lives.complete()
    lives.project()
    missing = lives.complete()
    lives.age(missing, LONG)
    lives.execute("UPDATE positions SET updated_at = updated_at - %s", LONG)
    with psycopg.connect(database_url, application_name="darkroom rebuild") as rebuild:
        rebuild.execute("SELECT 1")
        assert violations(lives) == []
    assert only(lives, missing)[0] == 4


def test_a_row_that_the_projector_has_skipped_is_found(lives: Lives) -> None:
    upload_id = lives.complete()
    lives.age(upload_id, LONG)
    lives.project()
    lives.execute("DELETE FROM uploads")
    lives.execute("DELETE FROM results")
    assert only(lives, upload_id)[0] == 4


def test_a_quarantined_upload_is_found_with_the_error_that_stopped_it(lives: Lives) -> None:
    upload_id = lives.submitted()
    lives.project()
    lives.insert(upload_id, 2, "upload.teleported")
    lives.project()
    found = {violation.invariant: violation.sentence for violation in violations(lives)}
    assert set(found) == {3, 4}
    assert found[4].startswith("its row has stopped before position 2: ")
    assert "upload.teleported" in found[4]


# Invariant 5


def test_a_second_result_in_a_stream_is_found(lives: Lives) -> None:
    upload_id = lives.reached(Stage.STORING)
    (stored,) = (logged for logged in lives.log.history(upload_id) if logged.name == "upload.result-stored")
    lives.execute(
        "INSERT INTO event_log (upload_id, version, name, state)"
        " SELECT upload_id, 7, name, state FROM event_log WHERE position = %s",
        stored.position,
    )
    assert only(lives, upload_id) == (5, "2 results are recorded, at versions 5, 7.")


# Invariant 8


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


# Invariant 6


@pytest.mark.parametrize("kind", ["full", "preview"])
def test_a_deleted_picture_is_found(lives: Lives, kind: str) -> None:
    upload_id = lives.complete()
    lives.project()
    (key,) = lives.store.keys(f"{upload_id}/{kind}")
    lives.store.delete(key)
    assert only(lives, upload_id) == (6, f"the object {key} does not exist.")


def test_a_flipped_byte_is_found(lives: Lives, tmp_path: Path) -> None:
    upload_id = lives.complete()
    lives.project()
    (key,) = lives.store.keys(f"{upload_id}/full")
    (tmp_path / key).write_bytes(b"full imagf")
    invariant, sentence = only(lives, upload_id)
    assert invariant == 6
    assert sentence.startswith(f"the object {key} has the SHA-256 ")


def test_a_picture_cut_short_is_found_even_before_its_upload_has_ended(lives: Lives, tmp_path: Path) -> None:
    upload_id = lives.reached(Stage.STORING)
    lives.project()
    (key,) = lives.store.keys(f"{upload_id}/full")
    (tmp_path / key).write_bytes(b"full")
    assert only(lives, upload_id) == (6, f"the object {key} has 4 bytes, the log says 10.")


def test_a_completion_without_a_preview_is_found(lives: Lives) -> None:
    upload_id = lives.reached(Stage.WATERMARKING)
    last = lives.log.history(upload_id)[-1].version
    lives.insert(upload_id, last + 1, "upload.stage-advanced", attempt=1, stage="complete", progress=100)
    lives.project()
    assert only(lives, upload_id) == (6, "it is complete, but no preview is recorded.")


def test_a_recorded_key_that_no_storage_could_hold_is_found(lives: Lives) -> None:
    upload_id = lives.reached(Stage.GENERATING)
    picture = {"key": "../x", "sha256": "a", "size": 1, "width": 1, "height": 1, "media_type": "image/jpeg"}
    lives.insert(upload_id, 5, "upload.result-stored", attempt=1, result_id=str(uuid4()), model="m", full=picture)
    assert only(lives, upload_id) == (6, "'../x' is no key of the object storage.")


def test_a_storage_that_refuses_ends_the_verification_and_is_no_violation(lives: Lives, tmp_path: Path) -> None:
    upload_id = lives.complete()
    lives.project()
    (key,) = lives.store.keys(f"{upload_id}/full")
    (tmp_path / key).unlink()
    (tmp_path / key).mkdir()
    with pytest.raises(StorageRefusedError):
        violations(lives)


# Invariant 8


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


# Objects that belong to no upload


def test_objects_of_no_upload_are_noted_and_no_violation(lives: Lives, tmp_path: Path) -> None:
    lives.complete()
    lives.project()
    stray = f"{uuid4()}/original-0123456789abcdef"
    for key in (stray, f"{stray}-2", "lost/thing"):
        (tmp_path / key).parent.mkdir(exist_ok=True)
        (tmp_path / key).write_bytes(b"")
    verification = Verification(lives.pool, lives.store)
    assert list(verification.violations()) == []
    verification.look_for_strays()
    assert sorted(verification.strays) == sorted([stray, "lost/thing"])
