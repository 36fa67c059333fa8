"""The ETA is a band: what is left of recent runs of the same stage, and of the queue ahead."""

from datetime import timedelta

import pytest

from domain.failures import FailureCode
from domain.stages import Stage
from domain.upload import Upload
from projections.queries.forecast import Eta, Forecast
from tests.integration.forecast.forecasts import ForecastRig
from tests.integration.recent import completed, runs
from tests.lives import soon
from tests.submissions import WORKER
from tests.waiting import BUSY_SECONDS


def test_an_upload_at_the_head_of_the_queue_has_the_band_of_a_whole_run_before_it(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    runs(rig.pool, 1)

    assert rig.forecast(rig.submitted()) == Forecast(0, Eta(51, 91))


def test_where_nothing_runs_the_wait_at_the_head_of_the_queue_counts_and_ends_the_eta(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    fresh, old, older = (rig.submitted() for _ in range(3))
    rig.project()
    assert rig.forecast(fresh).eta
    for upload_id, seconds in ((fresh, 0), (old, 20), (older, 91)):
        rig.age(upload_id, timedelta(seconds=seconds))

    assert rig.forecast(older) == Forecast(0)
    rig.uploads.execute(older, Upload.cancel, by="session:abc")
    found = rig.forecast(old).eta
    assert found
    assert 31 - BUSY_SECONDS < found.p50_seconds <= 31
    assert 71 - BUSY_SECONDS < found.p90_seconds <= 71


def test_the_wait_before_a_requested_retry_is_not_counted(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    upload_id = rig.submitted()
    rig.uploads.execute(upload_id, Upload.cancel, by="session:abc")
    rig.project()
    rig.age(upload_id, timedelta(hours=1))
    rig.uploads.execute(upload_id, Upload.retry, by="session:abc")

    assert rig.forecast(upload_id).eta


def test_the_queue_ahead_is_divided_by_the_active_runs(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    runs(rig.pool, 4)
    *_, last = (rig.submitted() for _ in range(3))

    # Two runs of 50.5 s each, four at a time.
    assert rig.forecast(last) == Forecast(2, Eta(76, 116))


def test_a_queue_without_active_runs_has_no_eta(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    *_, last = (rig.submitted() for _ in range(3))

    assert rig.forecast(last) == Forecast(2)


def test_what_is_left_of_a_stage_is_its_band_without_the_time_spent_in_it(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    upload_id = rig.reached(Stage.GENERATING)
    rig.project()
    rig.age(upload_id, timedelta(seconds=20))

    found = rig.forecast(upload_id).eta

    # From generating on it took 45.45 s and 81.09 s; a slow machine spends some time of its own.
    assert found
    assert 26 - BUSY_SECONDS < found.p50_seconds <= 26
    assert 62 - BUSY_SECONDS < found.p90_seconds <= 62


def test_progress_within_a_stage_does_not_set_its_time_back(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    upload_id = rig.reached(Stage.GENERATING)
    rig.project()
    rig.age(upload_id, timedelta(seconds=20))
    rig.uploads.execute(upload_id, Upload.advance, Stage.GENERATING, 50, attempt=1, by=WORKER)

    found = rig.forecast(upload_id).eta
    assert found
    assert found.p50_seconds <= 26


def test_the_next_attempt_begins_its_stage_anew(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    upload_id = rig.reached(Stage.GENERATING)
    rig.project()
    rig.age(upload_id, timedelta(seconds=40))
    rig.uploads.execute(
        upload_id, Upload.fail_attempt, FailureCode.WORKER_STOPPED, soon(), stage=Stage.GENERATING, attempt=1, by=WORKER
    )
    rig.uploads.start_attempt(rig.uploads.get(upload_id), by=WORKER)

    found = rig.forecast(upload_id).eta
    assert found
    assert found.p50_seconds > 46 - BUSY_SECONDS


def test_what_is_left_is_never_negative_and_unknown_beyond_nine_of_ten(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    slow, slower = (rig.reached(Stage.GENERATING) for _ in range(2))
    rig.project()
    rig.age(slow, timedelta(seconds=60))
    rig.age(slower, timedelta(seconds=82))

    found = rig.forecast(slow).eta
    assert found
    assert found.p50_seconds == 0
    assert 0 < found.p90_seconds <= 22
    assert rig.forecast(slower) == Forecast()


@pytest.mark.parametrize(("uploads", "known"), [(19, False), (20, True)])
def test_with_too_few_recent_uploads_there_is_no_eta(rig: ForecastRig, uploads: int, *, known: bool) -> None:
    completed(rig.pool, uploads)

    assert (rig.forecast(rig.submitted()).eta is not None) is known
    assert (rig.forecast(rig.reached(Stage.GENERATING)).eta is not None) is known


def test_uploads_completed_more_than_a_day_ago_do_not_count(rig: ForecastRig) -> None:
    completed(rig.pool, 100, hours=25)

    assert rig.forecast(rig.submitted()) == Forecast(0)


def test_only_the_last_two_hundred_count(rig: ForecastRig) -> None:
    completed(rig.pool, 100, seconds=50, hours=3)
    completed(rig.pool, 200, seconds=0.1, hours=1)
    runs(rig.pool, 1)

    found = rig.forecast(rig.submitted()).eta

    # Half took 10.05 s, nine of ten 18.01 s; on a busy machine the upload has waited for some time of its own.
    assert found
    assert ceil_of(10.05) <= found.p50_seconds < ceil_of(10.05) + BUSY_SECONDS
    assert ceil_of(18.01) <= found.p90_seconds < ceil_of(18.01) + BUSY_SECONDS


def ceil_of(seconds: float) -> int:
    """In whole seconds, as an ETA tells them."""
    return -int(-seconds // 1)


def test_a_retried_upload_does_not_count_for_the_eta(rig: ForecastRig) -> None:
    completed(rig.pool, 19)
    retried = rig.failed(Stage.GENERATING)
    rig.uploads.execute(retried, Upload.retry, by="session:abc")
    rig.run(retried, Stage.COMPLETE)

    assert rig.forecast(rig.submitted()) == Forecast(0)


def test_while_a_retry_waits_there_is_no_eta(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    running, pending = rig.reached(Stage.GENERATING), rig.submitted()
    rig.uploads.start_attempt(rig.uploads.get(pending), by=WORKER)
    for upload_id in (running, pending):
        rig.uploads.execute(
            upload_id, Upload.fail_attempt, FailureCode.GENERATION_UNAVAILABLE, soon(), stage=None, attempt=1, by=WORKER
        )

    assert rig.forecasts(running, pending) == [Forecast(), Forecast(0)]


def test_a_retry_that_no_run_has_taken_up_yet_has_no_eta(rig: ForecastRig) -> None:
    completed(rig.pool, 100)
    upload_id = rig.failed(Stage.GENERATING)
    rig.uploads.execute(upload_id, Upload.retry, by="session:abc")

    assert rig.forecast(upload_id) == Forecast()


def test_an_ended_upload_has_no_forecast(rig: ForecastRig) -> None:
    completed(rig.pool, 100)

    assert rig.forecasts(rig.complete(), rig.failed(Stage.GENERATING)) == [Forecast(), Forecast()]
