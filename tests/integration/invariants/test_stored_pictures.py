"""Invariant 6: every recorded picture is in the object storage, as it was recorded."""

from pathlib import Path
from uuid import uuid4

import pytest

from domain.stages import Stage
from tests.integration.invariants.violations import only
from tests.lives import Lives


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
