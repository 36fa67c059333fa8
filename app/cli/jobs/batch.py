"""Sends the photos of one command and follows each to its end, a few at a time. All of them share one session.

A few threads do the work. They tell each step over a queue to the one thread that called, which shows it: so nothing is
shown after Ctrl-C, and no lock is needed. The threads end with the process, whatever they wait for.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from app.cli.jobs.client import Client, ClientError, Job, RefusedError, StatusBody, UnreachableError
from app.cli.jobs.photos import Photo
from app.cli.jobs.prints import Target

NOT_SENT: Final = "NOT_SENT"
TIMEOUT: Final = "TIMEOUT"
UNREACHABLE: Final = "UNREACHABLE"
UNREADABLE: Final = "UNREADABLE"


class Trouble(Struct, frozen=True):
    """What ended a photo's way early: a code for programs, the server's where it has one, and a sentence."""

    code: str
    message: str


class Step(Struct, frozen=True, kw_only=True):
    """How far one photo has come. `wait` is how long the server asked us to wait, in seconds."""

    photo: Photo
    job: Job | None = None
    wait: float = 0
    status: StatusBody | None = None
    saved_to: str | None = None
    trouble: Trouble | None = None
    is_last: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether everything that was asked for is done."""
        return self.is_last and self.trouble is None


Steps = SimpleQueue[Step | Exception]


class SharedSession:
    """The session of all photos of a command: the first answer begins it, and every other photo joins it."""

    def __init__(self) -> None:
        self._token: str | None = None
        self._first = Lock()

    def submit(self, client: Client, photo: Photo, steps: Steps) -> Job:
        """Send a photo. The others wait until the first one is answered: they need its token."""
        with self._first:
            if self._token is None:
                job = self._send(client, photo, steps)
                self._token = job.session_token
                return job
        return self._send(client, photo, steps)

    def _send(self, client: Client, photo: Photo, steps: Steps) -> Job:
        return client.submit(photo.path, self._token, lambda seconds: steps.put(Step(photo=photo, wait=seconds)))


class Batch:
    """Photos on their way. Without a target none is waited for: what counts then is that the server took them in."""

    def __init__(self, client: Client, target: Target | None, *, at_once: int, seconds: float) -> None:
        self._client = client
        self._target = target
        self._at_once = at_once
        self._seconds = seconds
        self._session = SharedSession()
        self._steps: Steps = SimpleQueue()
        self._stopped = Event()

    def run(self, photos: Sequence[Photo]) -> Iterator[Step]:
        """Every step of every photo, as it happens. Where the iteration is left, no further photo is begun."""
        waiting: SimpleQueue[Photo] = SimpleQueue()
        for photo in photos:
            waiting.put(photo)
        for _ in range(min(self._at_once, len(photos))):
            Thread(target=self._work, args=(waiting,), daemon=True).start()
        under_way = len(photos)
        try:
            while under_way:
                step = _checked(self._steps.get())
                under_way -= step.is_last
                yield step
        finally:
            self._stopped.set()

    def rest(self) -> Iterator[Step]:
        """The steps that had happened when the iteration was left, and that it did not give."""
        while True:
            try:
                yield _checked(self._steps.get_nowait())
            except Empty:
                return

    def _work(self, waiting: "SimpleQueue[Photo]") -> None:
        try:
            with suppress(Empty):
                while True:
                    for step in self._way(waiting.get_nowait()):
                        self._steps.put(step)
        except Exception as error:  # noqa: BLE001 - a thread that ended in silence would be waited for
            self._steps.put(error)

    def _way(self, photo: Photo) -> Iterator[Step]:
        """The steps of one photo, up to the last one."""
        step = Step(photo=photo)
        if self._stopped.is_set():
            yield _ended(step, NOT_SENT, "It was not sent, because the server does not answer.")
            return
        try:
            for step in self._followed(photo):
                yield step
            yield replace(step, is_last=True)
        except (ClientError, OSError) as error:
            yield self._judged(step, error)

    def _followed(self, photo: Photo) -> Iterator[Step]:
        job = self._session.submit(self._client, photo, self._steps)
        step = Step(photo=photo, job=job)
        yield step
        if self._target is None:
            return
        for body in self._client.watch(job, self._seconds):
            step = replace(step, status=body)
            yield step
        body = step.status or {}
        if body.get("status") == "completed":
            yield self._saved(step, self._target, self._client.preview(job, body["resultId"]))
        else:
            message = body.get("errorMessage") or f"The job ended as {body.get('status')}."
            yield replace(step, trouble=Trouble(body.get("errorCode") or "FAILED", message))

    def _saved(self, step: Step, target: Target, picture: bytes) -> Step:
        try:
            return replace(step, saved_to=str(target.save(step.photo.stem, picture)))
        except OSError as error:
            sentence = f"The picture is ready but could not be saved to {error.filename}: {error.strerror}."
            return replace(step, trouble=Trouble("NOT_SAVED", sentence))

    def _judged(self, step: Step, error: ClientError | OSError) -> Step:
        match error:
            case RefusedError():
                return _ended(step, error.code, error.message)
            case UnreachableError():
                self._stopped.set()  # it is the server that is at fault: the other photos would fare no better
                return _ended(step, UNREACHABLE, error.message)
            case ClientError():
                return _ended(step, "STRANGE_ANSWER", error.message)
            case TimeoutError():
                return _ended(step, TIMEOUT, f"Not done after {self._seconds:g} s. The job goes on.")
            case _:
                return _ended(step, UNREADABLE, f"{step.photo.name} cannot be read: {error.strerror}.")


def _ended(step: Step, code: str, sentence: str) -> Step:
    return replace(step, trouble=Trouble(code, sentence), is_last=True)


def _checked(step: Step | Exception) -> Step:
    if isinstance(step, Exception):
        raise step
    return step
