"""An image model that answers in every wrong way, seen from the end: what it costs, how long it is asked, what is told.

How each answer is understood is in tests/integration/test_gemini.py. Here real workers ask, and each upload meets a way
of its own. The breaker, which so many failures would open, has its own test in test_outages.py and stays closed here.
"""

from collections import Counter
from hashlib import sha256
from itertools import pairwise
from threading import Lock
from typing import Final
from uuid import UUID

from domain.failures import FailureCode
from domain.stages import Stage, Status
from tests.fakes.gemini import Call, Handler
from tests.fakes.gemini_replies import (
    Reply,
    empty,
    finished,
    hang,
    html,
    no_candidates,
    not_an_image,
    prompt_blocked,
    reset,
    status,
    text_only,
)
from tests.faults.plant import Plant

ASKED_SECONDS: Final = 6
PASSING: Final[dict[str, Reply]] = {
    "429": status(429, retry_after=str(ASKED_SECONDS)),
    "503": status(503),
    "silence": hang(),
    "reset": reset(),
    "HTML": html(),
    "nothing": empty(),
}
LASTING: Final[dict[str, tuple[Reply, FailureCode]]] = {
    "photo refused": (prompt_blocked(), FailureCode.CONTENT_BLOCKED),
    "picture refused": (finished("IMAGE_SAFETY"), FailureCode.CONTENT_BLOCKED),
    "text": (text_only(), FailureCode.NO_IMAGE_GENERATED),
    "no candidate": (no_candidates(), FailureCode.NO_IMAGE_GENERATED),
    "no picture": (not_an_image(), FailureCode.NO_IMAGE_GENERATED),
    "403": (status(403), FailureCode.GENERATION_REFUSED),
}


class ByPhoto:
    """Every photo that is new gets the next way to be answered, and keeps it."""

    def __init__(self, replies: dict[str, Reply]) -> None:
        self._replies = replies
        self._left = list(replies)
        self._way_of: dict[str, str] = {}
        self._lock = Lock()

    def __call__(self, handler: Handler, call: Call) -> None:
        with self._lock:
            if call.sha256 not in self._way_of:
                self._way_of[call.sha256] = self._left.pop()
        self._replies[self._way_of[call.sha256]](handler, call)

    def by_way(self, plant: Plant, jobs: list[UUID]) -> dict[str, tuple[UUID, int]]:
        """Which upload each way has met, and how many calls it cost."""
        calls = Counter(call.sha256 for call in plant.gemini.calls)
        photos = {job: sha256(plant.blobs.get(f"{job}/clean.jpg")).hexdigest() for job in jobs}
        return {self._way_of[photo]: (job, calls[photo]) for job, photo in photos.items()}


def test_a_trouble_that_passes_is_given_three_attempts_with_growing_waits_and_never_less_than_it_asked_for(
    plant: Plant,
) -> None:
    replies = ByPhoto(PASSING)
    plant.gemini.always_answer_with(replies)
    jobs = [plant.submit() for _ in PASSING]
    worker = plant.worker("--failures", "100", GEMINI_TIMEOUT_SECONDS="1")

    assert plant.until_ended(*jobs) == [Status.FAILED] * len(PASSING), worker.output
    met = replies.by_way(plant, jobs)
    assert met.keys() == PASSING.keys()
    for way, (job, calls) in met.items():
        upload = plant.upload(job)
        assert (upload.error_code, upload.attempts_left) == (FailureCode.GENERATION_UNAVAILABLE, 0), way
        assert calls == 3, way
        assert len(plant.waits(job)) == 2, way
        assert all(first < second for first, second in pairwise(plant.waits(job))), way
    assert min(plant.waits(met["429"][0])) > ASKED_SECONDS - 1, "counted from a moment before the event was recorded"
    assert {plant.upload(job).reached for job in jobs} == {Stage.GENERATING}
    plant.assert_verified()


def test_a_refusal_and_an_answer_without_a_picture_cost_one_call_and_end_at_once(plant: Plant) -> None:
    replies = ByPhoto({way: reply for way, (reply, _) in LASTING.items()})
    plant.gemini.always_answer_with(replies)
    jobs = [plant.submit() for _ in LASTING]
    plant.worker()

    assert plant.until_ended(*jobs) == [Status.FAILED] * len(LASTING)
    met = replies.by_way(plant, jobs)
    ends = {way: (plant.upload(job).error_code, plant.upload(job).attempt, calls) for way, (job, calls) in met.items()}
    assert ends == {way: (code, 1, 1) for way, (_, code) in LASTING.items()}
    plant.assert_verified()
