"""What happens again and again is logged once a minute for each cause, with the number of times."""

from typing import Final

from structlog.testing import capture_logs

from projections.log import throttled
from projections.log.throttled import ThrottledWarning

EVENT: Final = "dependency.away"


class Scene:
    """A warning whose clock a test sets."""

    def __init__(self) -> None:
        self.now = 0.0
        self.warning = ThrottledWarning(EVENT, lambda: self.now)

    def warn(self, *causes: str) -> list[tuple[str, int]]:
        with capture_logs() as lines:
            for cause in causes:
                self.warning.warn(cause)
        return [(line["error"], line["times"]) for line in lines]


def test_a_second_line_about_the_same_cause_waits_for_a_minute_and_counts() -> None:
    scene = Scene()
    assert scene.warn(*["no answer"] * 1000) == [("no answer", 1)]
    scene.now = 61
    assert scene.warn("no answer") == [("no answer", 1000)]


def test_another_cause_has_a_line_of_its_own() -> None:
    assert Scene().warn("no answer", "refused", "no answer") == [("no answer", 1), ("refused", 1)]


def test_endlessly_many_causes_share_a_line_and_no_memory() -> None:
    scene = Scene()
    told = scene.warn(*[f"cause {n}" for n in range(5000)])
    assert len(told) == throttled.MOST_CAUSES + 1
    scene.now = 61
    assert scene.warn("cause 6000") == [("cause 6000", 1)]
