"""A healthy system has no violation, and every upload and object is looked at."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from domain.errors import StorageRefusedError
from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from projections.audit.evidence import Violation
from projections.audit.verification import Verification
from tests.integration.invariants.violations import violations
from tests.lives import Lives
from tests.submissions import WORKER


def test_an_empty_log_holds(lives: Lives) -> None:
    assert violations(lives) == []


def test_uploads_in_every_state_hold_and_are_counted(lives: Lives) -> None:
    for stage in (Stage.VALIDATING, Stage.GENERATING, Stage.STORING, Stage.WATERMARKING, Stage.COMPLETE):
        lives.reached(stage)
    retried = lives.failed(Stage.WATERMARKING)
    lives.uploads.execute(retried, Upload.retry, by="session:0")
    lives.run(retried, Stage.COMPLETE)
    waiting = lives.reached(Stage.GENERATING)
    lives.uploads.execute(
        waiting,
        Upload.fail_attempt,
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


def test_a_storage_that_refuses_ends_the_verification_and_is_no_violation(lives: Lives, tmp_path: Path) -> None:
    upload_id = lives.complete()
    lives.project()
    (key,) = lives.store.keys(f"{upload_id}/full")
    (tmp_path / key).unlink()
    (tmp_path / key).mkdir()
    with pytest.raises(StorageRefusedError):
        violations(lives)


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
