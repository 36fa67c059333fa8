"""An erased upload: no session owns it, no event follows, and its history can still be replayed."""

import pytest

from domain.errors import NotFailedError, RefusedError
from domain.fold import fold
from domain.stages import Stage, Status
from tests.unit.histories import History, submitted

ERIKA = "staff:erika"


@pytest.mark.parametrize(
    "history",
    [submitted().reached(Stage.COMPLETE), submitted().reached(Stage.GENERATING).failed()],
    ids=["complete", "failed"],
)
def test_it_has_no_session_and_no_picture_and_keeps_its_stage(history: History) -> None:
    stage = history.upload.stage
    upload = history.then(history.upload.erase(by=ERIKA)).upload

    assert upload.erased
    assert (upload.session_hash, upload.original_sha256, upload.result) == ("", "", None)
    assert upload.stage is stage
    assert fold(None, history.events) == upload


def test_one_that_may_still_run_is_not_erased() -> None:
    with pytest.raises(RefusedError, match="Cancel it first"):
        submitted().started().upload.erase(by=ERIKA)


def test_it_is_erased_once_and_nothing_follows() -> None:
    history = submitted().reached(Stage.GENERATING).failed()
    upload = history.then(history.upload.erase(by=ERIKA)).upload

    assert upload.status is Status.FAILED
    assert upload.erase(by=ERIKA) is None
    with pytest.raises(NotFailedError, match="is erased"):
        upload.retry(by="session:abc")
    with pytest.raises(RefusedError, match="is erased"):
        upload.requeue(by=ERIKA)
    with pytest.raises(RefusedError):
        upload.start_attempt(by="worker:w")
