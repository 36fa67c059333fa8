"""Seen: from a step in the log to the bar of the page, in Chromium.

A person sends a photo to the whole service, whose local renderer makes the picture, and watches it to its end. The bar
has shown a step once it is painted within 1 % of the step's value or further. Times are the log's `recorded_at` and
the browser's clock, of one machine. The first step is told apart: it comes while the page is still being told its job.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median, quantiles
from typing import Final

import psycopg
from playwright.sync_api import Browser

from tests.acceptance.service import Service, running
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.browser.chromium import running_chromium
from tests.browser.person import Person

PHOTOS: Final = 50
SETTLED_MS: Final = 5000
"""The browser has done what it does when it starts."""
STOPWATCH: Final = """
window.shown = [];
const look = () => {
  const isReady = document.querySelector('[data-status="completed"]');
  const bar = document.querySelector('[aria-label="Progress"]');
  const painted = bar?.firstElementChild.getBoundingClientRect().width / bar?.getBoundingClientRect().width;
  const value = isReady ? 100 : 100 * (painted || 0);
  if (value > (shown.at(-1)?.[0] ?? 0)) shown.push([value, performance.timeOrigin + performance.now()]);
  requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
"""Notes in each frame when the painted bar, or the reveal in its place, reached further than ever before."""
WITHIN: Final = 1.0
"""A step is seen once the painted bar is so many percent or less behind its value."""
SELECT_STEPS: Final = """
SELECT (state ->> 'progress')::int, extract(epoch FROM min(recorded_at))::float8 * 1000
FROM event_log WHERE upload_id = %s AND name = 'upload.stage-advanced' GROUP BY 1 ORDER BY 1
"""
"""When each value of the progress was reached first, in ms."""


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """The first step and the later ones."""
    if shutil.which("chromium") is None:
        bench.note("Left out: there is no chromium here.")
        yield []
        return
    bench.rounds = 1
    with running() as service, running_chromium() as browser:
        watched = _Watched(service, browser, bench.sized(PHOTOS, 1))
        watched.watch()  # code is warm before anything counts
        ours = Contender("Darkroom", "ours", watched.measure)
        yield [Case("a step on the bar", (ours,), TARGETS)]
        service.assert_verified()
        bench.note("The service's own `darkroom verify` found nothing.")


class _Watched:
    """A service, and people at its page."""

    def __init__(self, service: Service, browser: Browser, photos: int) -> None:
        self._service = service
        self._browser = browser
        self._photos = photos

    def measure(self) -> Figures:
        """How long steps took to be seen."""
        ways = [self.watch() for _ in range(self._photos)]
        first = sorted(way[0] for way in ways)
        every = sorted(lag for way in ways for lag in way)
        return {
            "first step: p50 ms": median(first),
            "first step: longest ms": first[-1],
            "every step: p50 ms": median(every),
            "every step: p99 ms": quantiles(every, n=100)[98],
        }

    def watch(self) -> list[float]:
        """The lag of every step of one upload, in ms."""
        context = self._browser.new_context()
        person = Person(context, self._service.url).open()
        person.page.evaluate(STOPWATCH)
        person.page.wait_for_timeout(SETTLED_MS)
        person.send().reads("Your picture is ready")
        person.wait("shown.at(-1)[0] === 100")  # the heading is there a frame before it is noted
        shown: list[tuple[int, float]] = person.page.evaluate("shown")
        with psycopg.connect(self._service.addresses.database_url) as connection:
            steps = connection.execute(SELECT_STEPS, (person.job_id,)).fetchall()
        context.close()
        return [next(at for value, at in shown if value >= step - WITHIN) - reached for step, reached in steps]


TARGETS: Final = (Target(figure="every step: p99 ms", at_most=250),)
