"""The fold of an upload: a replay gives the same state, and refuses a history that cannot be one."""

import pytest
from msgspec.structs import replace

from domain.fold import evolve, fold
from domain.stages import Stage
from tests.unit.histories import submitted


def test_a_replay_gives_the_same_state() -> None:
    history = submitted().reached(Stage.COMPLETE)

    assert fold(None, history.events) == history.upload


def test_the_fold_refuses_a_gap_in_the_versions() -> None:
    history = submitted().reached(Stage.VALIDATING)

    with pytest.raises(ValueError, match="Version 3 does not follow 1"):
        fold(None, [history.events[0], history.events[2]])


def test_the_fold_refuses_a_history_that_does_not_begin_with_a_submission() -> None:
    with pytest.raises(ValueError, match="Version 2 does not follow None"):
        evolve(None, submitted().started().events[1])


def test_the_fold_refuses_a_second_submission() -> None:
    history = submitted().started()
    again = replace(history.events[0], originator_version=3)

    with pytest.raises(ValueError, match=r"upload\.submitted cannot be applied to version 2"):
        evolve(history.upload, again)


def test_the_fold_refuses_a_preview_without_a_result() -> None:
    history = submitted().reached(Stage.STORING).preview()
    preview = history.events[-1]
    without = submitted().started().upload

    with pytest.raises(ValueError, match=r"upload\.preview-stored cannot be applied"):
        evolve(without, replace(preview, originator_version=3))
