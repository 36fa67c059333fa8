"""Tests that share a service do not disturb each other: what a test has left over does not reach the next one."""

from tests.acceptance.clients import Watch
from tests.acceptance.conftest import Connected, settle
from tests.fakes.gemini_replies import no_candidates, status
from tests.photos.variants import photo
from tests.waiting import until


def test_what_a_test_that_failed_has_left_over_is_not_met_by_the_next_one(connected: Connected) -> None:
    # As if a test had ended here: its upload waits for its next attempt, and an answer waits for an upload.
    connected.gemini.answer_with(status(503, retry_after="1"), no_candidates())
    left = connected.api.submit(photo("cat"))
    until(lambda: connected.api.status(left).get("attempt") == 1, "it does not begin")
    settle(connected, [left])

    assert connected.api.status(left)["errorCode"] == "CANCELLED"
    with Watch(connected.api, connected.api.submit(photo("coffee"))) as watch:
        watch.until_complete()
