"""A new version is rolled out under load: every process is stopped and started in turn, and no client notices."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx

from tests.acceptance.clients import Api, Job, Watch
from tests.acceptance.fleet import Fleet
from tests.fakes.gemini_replies import after, picture
from tests.photos.variants import NAMES, photo

PHOTOS_A_SECOND = 2


def submit_until(stop: Event, api: Api) -> list[Job]:
    """Send photos, one after the other; each must be taken in, as soon as there is a server."""
    jobs: list[Job] = []
    while not stop.wait(1 / PHOTOS_A_SECOND):
        try:
            jobs.append(api.submit(photo(NAMES[len(jobs) % 3])))
        except httpx.ConnectError:
            stop.wait(0.2)  # the one server is being replaced: a load balancer would ask another
    return jobs


def test_a_rolling_restart_of_every_process_loses_nothing_and_answers_no_poll_wrongly() -> None:
    with Fleet() as fleet, ThreadPoolExecutor(1) as clients:
        fleet.gemini.always_answer_with(after(1, picture()))
        stop = Event()
        first = [fleet.api.submit(photo(name)) for name in NAMES]
        with Watch(fleet.api, *first, tolerates=httpx.ConnectError) as early:
            later = clients.submit(submit_until, stop, fleet.api)
            for _, process in list(fleet.running):
                fleet.restart(process)
            stop.set()
            early.until_complete()
        with Watch(fleet.api, *later.result()) as watch:
            watch.until_complete()
        assert len(watch.pollers) >= len(fleet.running)
        assert fleet.attempts_left() == {2}, "a restart counts against no upload"
        fleet.assert_verified()
        assert len(fleet.gemini.calls) >= len(first) + len(watch.pollers)
