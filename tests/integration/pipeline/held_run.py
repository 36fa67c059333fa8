"""A run in a thread of its own that waits for the image model's answer until the test lets it come."""

from threading import Event, Thread
from typing import Self
from uuid import UUID

from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import Reply, picture, when
from workers.runs.pipeline import Pipeline


class HeldRun:
    """Inside, the call is under way and has no answer; afterwards it is answered and the run has ended."""

    def __init__(self, pipeline: Pipeline, upload_id: UUID, gemini: FakeGemini, reply: Reply | None = None) -> None:
        self._gemini = gemini
        self._may_answer = Event()
        self._before = len(gemini.calls)
        self._thread = Thread(target=pipeline.run, args=(upload_id,))
        gemini.answer_with(when(self._may_answer, reply or picture()))

    def __enter__(self) -> Self:
        self._thread.start()
        self._gemini.wait_for_calls(self._before + 1)
        return self

    def __exit__(self, *error: object) -> None:
        self._may_answer.set()
        self._thread.join(60)
        assert not self._thread.is_alive(), "the run does not end"
