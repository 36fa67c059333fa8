"""Abuse: what one hostile client costs the others, on the whole service with its own limits.

The hostile client has an address of its own on loopback, and each of the others another one.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median, quantiles
from typing import Final
from uuid import uuid4

import httpx
from PIL import Image

from tests.acceptance.service import Service, running
from tests.benchmarks import wrk
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.crowd import HOSTILE, crowd
from tests.photos.variants import encoded, photo

LIMITS: Final = {"UPLOADS_PER_MINUTE": "60", "CONNECTIONS_PER_ADDRESS": "4096", "BYTES_IN_FLIGHT": "1073741824"}
"""The defaults."""
BEAT_SECONDS: Final = 0.05


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """One for each kind of abuse."""
    bench.rounds = 1
    with running(**LIMITS) as service, running() as unlimited:
        abuse = _Abuse(bench, service)
        yield [
            Case(name, (Contender("Darkroom", "ours", measure),), targets)
            for name, measure, targets in (
                ("costly photos at 60 a minute", abuse.costly_photos, (Target(figure="raised by: s", at_most=10),)),
                ("idle connections", abuse.idle_connections, (Target(figure="poll: p99 ms", at_most=250),)),
                ("unfinished heads", abuse.unfinished_heads, (Target(figure="more memory: MB", at_most=200),)),
                ("one-byte chunks", abuse.one_byte_chunks, (Target(figure="poll: p99 ms", at_most=250),)),
                ("a crowd at the probes", abuse.probes, (Target(figure="probe: longest ms", at_most=500),)),
                *(
                    (f"unknown and foreign: {name}", pairs, (Target(figure="told apart: %", at_most=55),))
                    for name, pairs in _Abuse(bench, unlimited).pairs()
                ),
            )
        ]
        service.assert_verified()


class _Abuse:
    """A service, and one who abuses it."""

    def __init__(self, bench: Bench, service: Service) -> None:
        self._bench = bench
        self._service = service
        self._others = iter(f"127.0.{1 + number // 200}.{1 + number % 200}" for number in range(10_000))

    @contextmanager
    def _client(self, address: str | None = None) -> Iterator[httpx.Client]:
        transport = httpx.HTTPTransport(local_address=address or next(self._others))
        with httpx.Client(base_url=self._service.url, transport=transport, timeout=60) as client:
            yield client

    def costly_photos(self) -> Figures:
        """How long an honest photo takes, alone and while a costly one comes every second."""
        alone = median(self._wait_of_one() for _ in range(self._bench.sized(5, 1)))
        done, costly = threading.Event(), costly_photo()
        seconds = self._bench.sized(90, 4)
        with ExitStack() as stack:
            client = stack.enter_context(self._client(HOSTILE))
            flood = threading.Thread(target=_every_second, args=(done, lambda: _post(client, costly)))
            flood.start()
            stack.callback(flood.join)
            stack.callback(done.set)
            until = time.monotonic() + seconds
            waits = []
            while time.monotonic() < until:
                waits.append(self._wait_of_one())
        return {"alone: s": alone, "longest: s": max(waits), "raised by: s": max(waits) - alone}

    def _wait_of_one(self) -> float:
        with self._client() as client:
            began = time.monotonic()
            body = _post(client, photo()).json()
            headers = {"X-Session-Token": body["sessionToken"]}
            while not client.get(body["statusUrl"], headers=headers).json()["isTerminal"]:
                time.sleep(BEAT_SECONDS)
            return time.monotonic() - began

    def idle_connections(self) -> Figures:
        """Polls of another address while one holds 20,000 connections."""
        with crowd(self._service.port, self._bench.sized(20_000, 50)):
            return self._polls(self._bench.sized(60, 1))

    def unfinished_heads(self) -> Figures:
        """What 8,000 heads of 15 KB that do not end cost in memory."""
        before = _megabytes(self._service.pid_of("serve"))
        with crowd(self._service.port, self._bench.sized(8_000, 20), sent=15_000):
            return {"more memory: MB": _megabytes(self._service.pid_of("serve")) - before, **self._polls(1)}

    def one_byte_chunks(self) -> Figures:
        """Polls of another address while a photo comes in chunks of a byte."""
        done = threading.Event()
        sender = threading.Thread(target=self._send_bytes, args=(done,))
        sender.start()
        try:
            return self._polls(self._bench.sized(30, 1))
        finally:
            done.set()
            sender.join()

    def _send_bytes(self, done: threading.Event) -> None:
        head = (
            "POST /api/uploads HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
            "Content-Type: multipart/form-data; boundary=edge\r\n\r\n"
        )
        body = b'--edge\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n' + photo()
        while not done.is_set():
            with socket.create_connection(("127.0.0.1", self._service.port), 10, (HOSTILE, 0)) as connection:
                try:
                    connection.sendall(head.encode())
                    for start in range(0, len(body), 1000):
                        piece = b"".join(b"1\r\n%b\r\n" % body[at : at + 1] for at in range(start, start + 1000))
                        connection.sendall(piece.replace(b"1\r\n\r\n", b""))
                        if done.is_set():
                            break
                except OSError:
                    time.sleep(BEAT_SECONDS)

    def probes(self) -> Figures:
        """A probe while wrk asks for readiness over 1,000 connections."""
        if wrk.PROGRAM is None:
            self._bench.note("A crowd at the probes was left out: there is no wrk here.")
            return {}
        seconds = self._bench.sized(15, 1)
        crowd = threading.Thread(target=wrk.knock, args=(f"{self._service.url}/readyz", 1000, seconds))
        crowd.start()
        try:
            times, refused = self._asked(seconds, lambda client: client.get("/readyz"))
        finally:
            crowd.join()
        return {"probe: longest ms": max(times), "probes refused": refused}

    def _polls(self, seconds: float) -> Figures:
        with self._client() as client:
            body = _post(client, photo()).json()
            headers = {"X-Session-Token": body["sessionToken"]}
        times, refused = self._asked(seconds, lambda asking: asking.get(body["statusUrl"], headers=headers))
        return {"poll: p99 ms": quantiles(times, n=100)[98], "polls refused": refused}

    def _asked(self, seconds: float, ask: Callable[[httpx.Client], httpx.Response]) -> tuple[list[float], int]:
        """The times in ms, and how many were not answered with 200."""
        times, refused, until = [], 0, time.monotonic() + seconds
        while time.monotonic() < until:
            with self._client() as client:  # a new connection each time, as the crowd would keep out
                began = time.monotonic()
                refused += ask(client).status_code != httpx.codes.OK
                times.append(1000 * (time.monotonic() - began))
            time.sleep(BEAT_SECONDS)
        return times, refused

    def pairs(self) -> Iterator[tuple[str, Callable[[], Figures]]]:
        """How often the slower of two requests was the one for a foreign upload, of each endpoint."""
        for name, method, path in (
            ("poll", "GET", "/api/status/{}"),
            ("stream", "GET", "/api/status/{}/stream"),
            ("result", "GET", "/api/results/{}"),
            ("retry", "POST", "/api/uploads/{}/retry"),
            ("cancel", "POST", "/api/uploads/{}/cancel"),
            ("erase", "DELETE", "/api/uploads/{}"),
        ):
            yield name, partial(self._told_apart, method, path)

    def _told_apart(self, method: str, path: str) -> Figures:
        with self._client() as owner, self._client() as stranger:
            foreign = _post(owner, photo()).json()
            owned = {"X-Session-Token": foreign["sessionToken"]}
            while not (status := owner.get(foreign["statusUrl"], headers=owned).json())["isTerminal"]:
                time.sleep(BEAT_SECONDS)
            taken = status["resultId"] if "results" in path else foreign["jobId"]
            headers = {"X-Session-Token": _post(stranger, photo()).json()["sessionToken"]}
            slower = 0
            for number in range(count := self._bench.sized(1000, 4)):
                asks = [path.format(taken), path.format(uuid4())]
                times = {}
                for asked in asks if number % 2 else reversed(asks):
                    began = time.perf_counter()
                    assert stranger.request(method, asked, headers=headers).status_code == httpx.codes.NOT_FOUND
                    times[asked] = time.perf_counter() - began
                slower += times[asks[0]] > times[asks[1]]
        share = 100 * slower / count
        return {"told apart: %": max(share, 100 - share)}


def costly_photo() -> bytes:
    """The costliest one that is known to be accepted: 50 megapixels of one colour, with an alpha channel."""
    return encoded(Image.new("RGBA", (8100, 6100), (9, 99, 200, 77)), "PNG")


def _post(client: httpx.Client, content: bytes) -> httpx.Response:
    return client.post("/api/uploads", files={"image": ("a.jpg", content)})


def _every_second(done: threading.Event, do: Callable[[], object]) -> None:
    while not done.wait(1):
        do()


def _megabytes(pid: int) -> float:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024
