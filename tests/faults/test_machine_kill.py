"""The machine dies: every process at once, in the middle of forty uploads. Started again it goes on by itself."""

import os
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from signal import SIGKILL
from typing import Any

from app.storage.folder import FolderStore
from tests.acceptance.clients import Api, Watch
from tests.acceptance.service import Service, assert_gone
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import hang, picture
from tests.linux_processes import descendants
from tests.photos.variants import stamp
from tests.servers import open_folder

JOBS = 40
ANSWERED = JOBS // 4
"""How many calls of the image model are answered before the machine dies, and no more."""
HEALED_SECONDS = 120
"""In which every upload ends, once the fault is healed."""


def test_after_the_death_of_every_process_at_once_all_uploads_complete_and_only_calls_under_way_are_repeated() -> None:
    with FakeGemini() as gemini, open_folder() as folder:
        gemini.answer_with(*[picture()] * ANSWERED)
        gemini.always_answer_with(hang())
        settings = {"GEMINI_API_KEY": gemini.key, "GEMINI_BASE_URL": gemini.url}
        with Service(folder, settings) as service, Api(service.wait_until_ready().url) as api:
            with ThreadPoolExecutor(8) as executor:
                jobs = list(executor.map(lambda _: api.submit(stamp()), range(JOBS)))
            gemini.wait_for_calls(ANSWERED + 1, timeout=60)
            kill_machine(service)
            gemini.always_answer_with(picture())
            kept = [job.id for job in jobs if names(service, job.id, "generated")]
            assert len(kept) <= ANSWERED, "it died in the middle"

            with Service(folder, settings, port=service.port) as again:
                again.wait_until_ready()
                with Watch(api, *jobs, pace=1) as watch:
                    watch.until_complete(HEALED_SECONDS)
                ends = {poller.job.id: poller.last for poller in watch.pollers}
                assert {end["attempt"] for end in ends.values()} == {1, 2}, "some were to be lost, and none twice"
                assert_paid(gemini, again, kept, ends)
                again.assert_verified()


def kill_machine(service: Service) -> None:
    """End every process of it, the parent first, before any can do anything about another's death."""
    family = [service.pid, *descendants(service.pid)]
    for pid in family:
        with suppress(ProcessLookupError):
            os.kill(pid, SIGKILL)
    service.ended(10)
    assert_gone(family)


def assert_paid(gemini: FakeGemini, service: Service, kept: list[str], ends: dict[str, Mapping[str, Any]]) -> None:
    """One call an upload; a second one only for a call that was under way, and whose answer was not kept."""
    calls = Counter(call.sha256 for call in gemini.calls)
    store = FolderStore(service.data / "objects", lambda key, _: key)
    for job, end in ends.items():
        made = calls[sha256(store.get(f"{job}/clean.jpg")).hexdigest()]
        runs = 1 if job in kept else end["attempt"]
        assert 1 <= made <= runs <= 2, (job, made, end)


def names(service: Service, job: str, kind: str) -> list[str]:
    """The keys of one kind that the storage holds of a job."""
    return list(FolderStore(service.data / "objects", lambda key, _: key).keys(f"{job}/{kind}"))
