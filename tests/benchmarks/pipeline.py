"""Pipeline: from a photo to its picture, beside the image work alone, libvips, and Darkroom as it was.

Whole services, `darkroom up`, each with a worker of eight runs. `alone`: one upload after the other. `together`: all at
once, so that the worker is never idle. Each is followed as the page follows it: by answers that are held, over a
connection that is kept. Times are the service's own, from createdAt to the updatedAt of the end. CPU is
that of all its processes, children that have ended included. Memory is that of the worker and its children; what they
share counts once. It is looked at while the first photos of a round, as many as there are runs, are under way: to look
costs the processes CPU, so those are not counted. The image work alone is done in one process that is warm, too,
without any service.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from statistics import median, quantiles
from typing import Any, Final

import httpx
from PIL import Image

from tests.acceptance.clients import Api, Job
from tests.acceptance.service import Service
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.earlier import COMMIT, Earlier, unpacked
from tests.benchmarks.image_work import CPU, by_pillow, measure
from tests.benchmarks.usage import cpu_ms, peak_memory
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import pictures
from tests.photos import variants
from tests.servers import open_folder
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop, Print
from workers.imaging.printing import make_print

ALONE: Final = 5
TOGETHER: Final = 16
RUNS: Final = 8
WAIT: Final = {"Prefer": "wait=30"}
WORK: Final = "the image work alone"
LIBVIPS: Final = "libvips"
RATE, WAY, PEAK = "uploads a minute", "alone: p50 ms", "at once: MiB of the worker"
Start = Callable[[Path, dict[str, str]], Service]


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """A case for each format with the local model, one for Gemini, and the image work of each."""
    with ExitStack() as stack:
        gemini = stack.enter_context(FakeGemini())
        services = _Services(gemini, _starts(bench, stack))
        stack.callback(services.stop)
        found = []
        for name, photo in _photos(bench).items():
            found += [_work_case(bench, name, photo, None), _case(bench, services, name, photo, None)]
        photo = next(iter(_photos(bench).values()))
        answer = _print_of(photo)
        gemini.always_answer_with(pictures(answer, media_type="image/jpeg"))
        found.append(_case(bench, services, "12 MP JPEG, Gemini", photo, answer))
        yield found
        services.verify()
        bench.note("The service's own `darkroom verify` found nothing.")


def _photos(bench: Bench) -> dict[str, bytes]:
    if bench.quick:
        return {"12 MP JPEG": variants.photo()}
    twelve = _sized(4000, 3000)
    return {
        "12 MP JPEG": variants.encoded(twelve, quality=90),
        "50 MP JPEG": variants.encoded(_sized(8160, 6120), quality=90),
        "12 MP PNG": variants.encoded(twelve, "PNG", compress_level=6),
        "12 MP WebP": variants.encoded(twelve, "WEBP", quality=85),
        "12 MP HEIC": variants.encoded(twelve, "HEIF", quality=80),
    }


def _sized(width: int, height: int) -> Image.Image:
    """A photo of that size, with the noise of a sensor, without which nothing would be left to decode."""
    photo = variants.picture().resize((width, height), Image.Resampling.BICUBIC)
    noise = Image.effect_noise((width, height), 12)
    return Image.blend(photo, Image.merge("RGB", (noise,) * 3), 0.1)


def _print_of(photo: bytes) -> bytes:
    clean = develop(Develop(photo, 50_000_000, 20_000, longest_side=2048, quality=92))
    return make_print(Print(clean.jpeg, "a prompt")).jpeg


def _starts(bench: Bench, stack: ExitStack) -> dict[str, Start]:
    starts: dict[str, Start] = {"Darkroom": Service}
    python = unpacked(stack.enter_context(open_folder()))
    if python is None:
        bench.note(f"Left out: the commit {COMMIT} is not in this repository.")
    else:
        starts[COMMIT] = partial(Earlier, python)
    return starts


def _work_case(bench: Bench, name: str, photo: bytes, answer: bytes | None) -> Case:
    count = bench.sized(5, 1)
    contenders = [_alone(photo, answer, count, "ours")]
    if not find_spec("pyvips"):
        bench.note("Left out: libvips, which comes with `pip install 'pyvips[binary]'`.")
    elif "HEIC" in name:
        bench.note("Left out: libvips for HEIC, whose wheel has no decoder for HEVC.")
    else:
        work = "tests.benchmarks.peers.libvips:by_libvips"
        contenders.append(Contender(LIBVIPS, "peer", partial(measure, work, photo, answer, count)))
    return Case(f"{name}: image work", tuple(contenders), (Target(figure=CPU, over=(LIBVIPS,), at_most=1.5),))


def _alone(photo: bytes, answer: bytes | None, count: int, kind: Any) -> Contender:  # noqa: ANN401 - a literal
    work = f"{by_pillow.__module__}:{by_pillow.__name__}"
    return Contender(WORK, kind, partial(measure, work, photo, answer, count))


def _case(bench: Bench, services: "_Services", name: str, photo: bytes, answer: bytes | None) -> Case:
    counts = (bench.sized(ALONE, 2), bench.sized(TOGETHER, 2))
    contenders = [
        Contender(who, "ours" if who == "Darkroom" else "peer", partial(services.measure, who, photo, counts, answer))
        for who in services.names
        if who == "Darkroom" or "HEIC" not in name  # which the earlier one does not take
    ]
    targets = (
        Target(figure=CPU, over=(WORK,), at_most=1.25),
        Target(figure=RATE, over=(COMMIT,), at_least=2.5),
        Target(figure=WAY, over=(COMMIT,), at_most=0.5),
        Target(figure=PEAK, over=(COMMIT,), at_most=1.0),
    )
    return Case(name, (*contenders, _alone(photo, answer, bench.sized(5, 1), "limit")), targets)


class _Services:
    """The services, with the local model or with Gemini; those with the other one are stopped."""

    def __init__(self, gemini: FakeGemini, starts: dict[str, Start]) -> None:
        self._settings = {
            "GEMINI_API_KEY": gemini.key,
            "GEMINI_BASE_URL": gemini.url,
            "PAID_CALLS_PER_HOUR": "0",
        }
        self._starts = starts
        self._running = ExitStack()
        self._has_gemini = False
        self._services: dict[str, Service] = {}

    @property
    def names(self) -> list[str]:
        """Which there are."""
        return list(self._starts)

    def measure(self, name: str, photo: bytes, counts: tuple[int, int], answer: bytes | None) -> Figures:
        """Some at once, for the memory; then one after the other; then all at once."""
        service = self._service(name, has_gemini=answer is not None)
        alone, together = counts
        with Api(service.url) as api:
            with peak_memory(service.pid_of("work")) as peak:
                _ends(api, [api.submit(photo) for _ in range(min(RUNS, together))])
            began = cpu_ms(service.pid)
            ways = [_ends(api, [api.submit(photo)])[0] for _ in range(alone)]
            ends = _ends(api, [api.submit(photo) for _ in range(together)])
            took = cpu_ms(service.pid) - began
        times = [_ms(*end) for end in ends]
        minutes = _ms(min(start for start, _ in ends), max(end for _, end in ends)) / 60_000
        return {
            CPU: took / (alone + together),
            RATE: together / minutes,
            WAY: median(_ms(*way) for way in ways),
            "together: p50 ms": median(times),
            "together: p99 ms": quantiles(times, n=100, method="inclusive")[98],
            PEAK: peak.mib,
        }

    def verify(self) -> None:
        """Nothing is violated in those that run."""
        for service in self._services.values():
            service.assert_verified()

    def stop(self) -> None:
        """End all."""
        self._running.close()
        self._services.clear()

    def _service(self, name: str, *, has_gemini: bool) -> Service:
        if has_gemini != self._has_gemini:
            self.verify()
            self.stop()
            self._has_gemini = has_gemini
        if name not in self._services:
            folder = self._running.enter_context(open_folder())
            service = self._starts[name](folder, self._settings if has_gemini else {})
            self._services[name] = self._running.enter_context(service).wait_until_ready()
        return self._services[name]


def _ends(api: Api, jobs: Sequence[Job]) -> list[tuple[datetime, datetime]]:
    """When each was submitted, and when it was complete."""
    with httpx.Client(base_url=api.url, headers=WAIT, timeout=60, trust_env=False) as page:
        return [_end(page, job) for job in jobs]


def _end(page: httpx.Client, job: Job) -> tuple[datetime, datetime]:
    headers = {"X-Session-Token": job.token}
    body: dict[str, Any] = {"isTerminal": False}
    while not body["isTerminal"]:
        # Answered when there is something new; a poll in between would be work for the service.
        answer = page.get(f"/api/status/{job.id}", headers=headers)
        headers["If-None-Match"] = answer.headers.get("ETag", "")
        body = answer.json() if answer.content else body
    assert body["status"] == "completed", body
    return datetime.fromisoformat(body["createdAt"]), datetime.fromisoformat(body["updatedAt"])


def _ms(start: datetime, end: datetime) -> float:
    return (end - start).total_seconds() * 1000
