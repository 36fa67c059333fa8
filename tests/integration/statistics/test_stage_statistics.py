"""`stage_statistics`: what it counts agrees with the analysts' views, which compute the same from the whole log."""

import pytest

from domain.stages import Stage
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.event_log import EventLog
from projections.log.pools import Pool
from projections.statistics import folding
from projections.statistics.stage_statistics import READER, STATISTICS
from tests.integration.history.known import MODEL, MONDAY
from tests.integration.rebuilding.rows import execute
from tests.integration.statistics.counted import Counted
from tests.submissions import WORKER, run_to, submit


def test_the_work_is_that_of_the_view(known: Counted) -> None:
    view = known.query(
        "SELECT stage, prompt_version, count(*)::int, sum(seconds)::float FROM stage_durations WHERE finished"
        " GROUP BY 1, 2 ORDER BY 1, 2"
    )

    assert known.sums("work", "stage, prompt_version") == view


def test_the_funnel_is_that_of_the_view(known: Counted) -> None:
    steps = ("submitted", "started", "validated", "generated", "stored", "completed", "failed", "cancelled")
    view = {
        (day, prompt, step): count
        for day, prompt, *counts in known.query(f"SELECT day, prompt_version, {', '.join(steps)} FROM daily_funnel")
        for step, count in zip(steps, counts, strict=True)
        if count
    }
    found = known.sums("reached", "(hour AT TIME ZONE 'UTC')::date, prompt_version, stage")

    assert {(day, prompt, step): count for day, prompt, step, count, _ in found} == view


def test_the_calls_that_were_paid_are_counted_when_their_upload_ends(known: Counted) -> None:
    assert known.sums("paid", "prompt_version") == [(1, 3, 0.0), (2, 1, 0.0)], "the lost one has not ended"


def test_failures_have_their_code_and_stage(known: Counted) -> None:
    assert known.sums("failed", "code, stage") == [
        ("CANCELLED", "", 1, 30.0),
        ("CONTENT_BLOCKED", "generating", 1, 8.0),
        ("IMAGE_TRUNCATED", "validating", 1, 3.0),
    ]
    assert known.sums("put-back", "code, stage") == [("GENERATION_UNAVAILABLE", "generating", 1, 0.0)]


def test_the_whole_of_an_upload_and_its_wait_are_timed(known: Counted) -> None:
    assert known.sums("total", "model, hour") == [(MODEL, MONDAY, 2, 17.0 + 62.0)]
    assert known.sums("waited", "prompt_version") == [(1, 2, 3.0), (2, 3, 11.0)]
    assert known.sums("attempt", "prompt_version") == [(1, 3, 0.0), (2, 4, 0.0)]


def test_only_undisturbed_time_is_a_usual_span(known: Counted) -> None:
    spans = {stage: (count, seconds) for stage, count, seconds in known.sums("span", "stage")}

    # The generating of the repeated one was disturbed, and those of the blocked and the lost one did not end.
    assert spans["generating"] == (1, 11.0)
    assert spans["waiting"] == (5, 14.0)


def test_a_retried_upload_has_not_failed_and_counts_for_no_eta(
    uploads: Uploads, event_log: EventLog, pool: Pool
) -> None:
    retried = uploads.execute(submit(uploads).id, Upload.cancel, by="session:abc")
    follower = STATISTICS.follower(event_log, pool)
    follower.catch_up()
    counted = Counted(pool)
    assert [(stage, count) for stage, count, _ in counted.sums("reached", "stage")] == [
        ("cancelled", 1),
        ("submitted", 1),
    ]
    uploads.execute(retried.id, Upload.retry, by="session:abc")
    run_to(uploads, retried.id, Stage.COMPLETE)
    follower.catch_up()

    assert "cancelled" not in [stage for stage, *_ in counted.sums("reached", "stage")]
    assert counted.sums("total", "stage")[0][1] == 1
    assert counted.sums("remaining", "stage") == []


def test_page_by_page_gives_the_same_as_all_at_once(
    known: Counted, event_log: EventLog, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = known.rows()
    monkeypatch.setattr(folding, "PAGE", 1)
    monkeypatch.setattr(folding, "REMEMBERED", 2)
    execute(pool, "TRUNCATE stage_statistics, stage_statistics_days")
    execute(pool, "DELETE FROM positions")
    STATISTICS.follower(event_log, pool).catch_up()

    assert known.rows() == at_once


def test_the_days_are_the_sums_of_their_hours(known: Counted) -> None:
    columns = "stage, code, model, prompt_version, bucket"
    numbers = "sum(count)::bigint, sum(microseconds)::bigint"
    by = f"GROUP BY 1, 2, {columns} ORDER BY 1, 2, {columns}"
    days = known.query(f"SELECT measure, day, {columns}, {numbers} FROM stage_statistics_days {by}")

    assert days
    assert days == known.query(
        f"SELECT measure, date_trunc('day', hour, 'UTC') AS day, {columns}, {numbers} FROM stage_statistics {by}"
    )


def test_two_processes_count_nothing_twice(known: Counted, event_log: EventLog, pool: Pool, uploads: Uploads) -> None:
    for _ in range(2):
        upload = run_to(uploads, submit(uploads).id, Stage.GENERATING)
        uploads.execute(upload.id, Upload.advance, Stage.GENERATING, 50, attempt=1, by=WORKER)
        STATISTICS.follower(event_log, pool).catch_up()
    execute(pool, "TRUNCATE stage_statistics, stage_statistics_days")
    execute(pool, "DELETE FROM positions")
    followers = [STATISTICS.follower(event_log, pool), STATISTICS.follower(event_log, pool)]
    while any(follower.step() for follower in followers):
        pass

    ((submitted,),) = known.query("SELECT sum(count)::int FROM stage_statistics WHERE stage = 'submitted'")
    assert submitted == 8
    assert followers[0].reader == READER
