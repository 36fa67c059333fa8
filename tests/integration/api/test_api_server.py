"""The API as a process: granian in front, real sockets, clients that misbehave."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import pytest

from app.api.serving.server import CONNECTIONS
from app.signing.sessions import Sessions
from tests.api_services import KEYS
from tests.integration.api.service import JPEG, PNG, error_of
from tests.integration.api.serving import BODY_SECONDS, REPOSITORY, Server, answers, free_port, running, start
from tests.linux_processes import open_files
from tests.waiting import BUSY_SECONDS, until

LIMIT: Final = 20 * 2**20
HEAD: Final = (
    b"POST /api/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
    b"Content-Length: 100000\r\n\r\n--edge\r\n"
)


@pytest.fixture
def server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A process that answers, and gives a photo three seconds to arrive."""
    with running(database_url, tmp_path, BODY_SECONDS) as server:
        yield server


@pytest.fixture
def patient_server(database_url: str, tmp_path: Path) -> Iterator[Server]:
    """A process that answers, and gives a photo a minute to arrive."""
    with running(database_url, tmp_path, 60) as server:
        yield server


def spools(server: Server) -> int:
    """How many photos are on their way in: each has a file without a name."""
    return sum(name.endswith("(deleted)") for name in open_files(server.process.pid))


def slow_upload(server: Server) -> socket.socket:
    """A client that began to send a photo, and waits."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    client.sendall(HEAD)
    return client


def frame(size: int) -> bytes:
    """A multipart body around a photo of that size."""
    head = b'--edge\r\nContent-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
    return head + JPEG + bytes(size - len(JPEG)) + b"\r\n--edge--\r\n"


def chunks(body: bytes) -> Iterator[bytes]:
    """A body whose length nobody declares."""
    for start_ in range(0, len(body), 2**17):
        yield body[start_ : start_ + 2**17]


@pytest.mark.parametrize("declared", [True, False])
def test_the_size_limit_holds_declared_and_chunked(server: Server, *, declared: bool) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}

    def post(size: int) -> httpx.Response:
        body = frame(size)
        return httpx.post(f"{server.url}/api/uploads", content=body if declared else chunks(body), headers=headers)

    assert [post(size).status_code for size in (LIMIT - 1, LIMIT)] == [202, 202]
    assert [error_of(post(size)) for size in (LIMIT + 1, 3 * LIMIT)] == [(413, "PAYLOAD_TOO_LARGE")] * 2
    assert server.uploads() == 2


def test_memory_does_not_follow_the_size(server: Server) -> None:
    body = frame(LIMIT)
    headers = {"Content-Type": "multipart/form-data; boundary=edge"}
    with ThreadPoolExecutor(8) as threads:
        posts = [
            threads.submit(httpx.post, f"{server.url}/api/uploads", content=body, headers=headers, timeout=30)
            for _ in range(8)
        ]
        assert {post.result().status_code for post in posts} == {202}

    status = Path(f"/proc/{server.process.pid}/status").read_text()
    peak = int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0]) // 1024
    assert peak < 160, f"{peak} MB at most, for 160 MB of photos at once"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Name: a\x00b\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
    ],
    ids=["length", "NUL", "many headers", "long address"],
)
def test_what_granian_refuses_by_itself_has_no_body_as_readme_says(server: Server, head: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as client:
        client.sendall(head)
        told = b"".join(iter(lambda: client.recv(4096), b""))

    assert told.startswith(b"HTTP/1.1 %d " % status)
    assert told.endswith(b"\r\n\r\n")
    assert answers(server)


def test_fifty_posts_with_one_key_are_one_job(server: Server) -> None:
    def post(number: int) -> httpx.Response:
        content = PNG if number % 10 == 9 else JPEG
        return httpx.post(
            f"{server.url}/api/uploads", files={"image": content}, headers={"Idempotency-Key": "k"}, timeout=30
        )

    # One goes first, so that it is known which photo wins.
    first = post(0).json()
    with ThreadPoolExecutor(50) as threads:
        posts = list(threads.map(post, range(50)))

    assert [error_of(answer) for answer in posts if answer.status_code != 202] == [(422, "IDEMPOTENCY_CONFLICT")] * 5
    assert {answer.text for answer in posts if answer.status_code == 202} == {httpx.Response(202, json=first).text}
    assert server.uploads() == 1
    assert len([*server.folder.glob("*/original-*")]) == 1


def test_fifty_posts_at_once_without_a_first_one_are_one_job(server: Server) -> None:
    token = Sessions(KEYS).new().token
    headers = {"Idempotency-Key": "k", "X-Session-Token": token}

    def post(content: bytes) -> httpx.Response:
        return httpx.post(f"{server.url}/api/uploads", files={"image": content}, headers=headers, timeout=30)

    with ThreadPoolExecutor(50) as threads:
        posts = list(threads.map(post, [JPEG, PNG] * 25))

    taken = [answer for answer in posts if answer.status_code == 202]
    refused = [answer for answer in posts if answer.status_code != 202]
    assert (len(taken), len(refused)) == (25, 25)
    assert len({answer.json()["jobId"] for answer in taken}) == 1
    assert {error_of(answer) for answer in refused} == {(422, "IDEMPOTENCY_CONFLICT")}
    assert server.uploads() == 1
    assert len([*server.folder.glob("*/original-*")]) == 1


def test_two_hundred_slow_uploads_hold_up_nobody_and_end_at_the_deadline(server: Server) -> None:
    began = time.monotonic()
    token = Sessions(KEYS).new().token
    times = []
    with ExitStack() as stack:
        slow = [stack.enter_context(slow_upload(server)) for _ in range(200)]
        client = stack.enter_context(httpx.Client(base_url=server.url))
        for _ in range(200):
            response = client.get(f"/api/status/{uuid4()}", headers={"X-Session-Token": token})
            times.append(response.elapsed.total_seconds())
            assert response.status_code == 404
        assert client.post("/api/uploads", files={"image": JPEG}).status_code == 202

        assert sorted(times)[197] < 0.25
        for upload in slow:
            assert upload.recv(4096).startswith(b"HTTP/1.1 408 ")
            while upload.recv(4096):
                pass  # until the server hangs up
    assert time.monotonic() - began < BODY_SECONDS + BUSY_SECONDS


def test_a_client_that_hangs_up_leaves_nothing(patient_server: Server) -> None:
    polite, rude = slow_upload(patient_server), slow_upload(patient_server)
    until(lambda: spools(patient_server) == 2, "2 photos are on their way in")

    polite.close()
    rude.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    rude.close()  # with a reset

    until(lambda: spools(patient_server) == 0, "0 photos are on their way in")
    told = patient_server.stop()
    assert patient_server.uploads() == 0
    assert "api.unexpected" not in told
    assert "Traceback" not in told


def test_a_photo_that_is_declared_too_large_is_refused_before_it_is_sent(patient_server: Server) -> None:
    with socket.create_connection(("127.0.0.1", patient_server.port), timeout=5) as client:
        client.sendall(HEAD.replace(b"100000", b"100000000").removesuffix(b"--edge\r\n"))

        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_within_seconds_and_in_good_order(server: Server, number: signal.Signals) -> None:
    began = time.monotonic()

    told = server.stop(number)

    assert server.process.returncode == 0
    assert time.monotonic() - began < 3 + BUSY_SECONDS
    assert "closed" in told
    assert "Traceback" not in told


def test_slow_uploads_do_not_keep_it_from_stopping(patient_server: Server) -> None:
    with ExitStack() as clients:
        slow = [clients.enter_context(slow_upload(patient_server)) for _ in range(20)]
        until(lambda: spools(patient_server) == 20, "20 photos are on their way in")

        began = time.monotonic()
        told = patient_server.stop()

        assert time.monotonic() - began < 4 + BUSY_SECONDS
        for client in slow:
            assert client.recv(4096).startswith(b"HTTP/1.1 503 ")
    assert patient_server.process.returncode == 0
    assert "closed" in told
    assert "Traceback" not in told


def test_a_port_that_is_taken_is_said_in_one_sentence(server: Server) -> None:
    second = start(server.database_url, server.folder, server.port)

    told = second.communicate(timeout=15)[1]

    assert second.returncode == 1
    sentence = "is taken by another program. Stop that one, or choose another port.\n"
    assert told == f"Port {server.port} on 127.0.0.1 {sentence}"
    assert answers(server)


def test_a_low_limit_of_open_files_is_raised_to_what_its_connections_need(database_url: str, tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, hard))
    try:
        with running(database_url, tmp_path) as server:
            limits = Path(f"/proc/{server.process.pid}/limits").read_text()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    raised = re.findall(r"Max open files\s+([0-9]+)", limits)
    assert int(raised[0]) >= min(hard, CONNECTIONS)


def test_it_starts_at_once_and_has_no_child(server: Server) -> None:
    assert Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text() == ""
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()

    with pytest.raises(httpx.TransportError):
        httpx.get(f"{server.url}/healthz")


def test_what_is_logged_holds_no_token(server: Server) -> None:
    token = Sessions(KEYS).new().token
    httpx.get(f"{server.url}/api/status/x?token={token}", headers={"X-Session-Token": token})
    httpx.post(f"{server.url}/api/uploads", files={"image": ("erika.jpg", JPEG)}, headers={"X-Session-Token": token})

    told = server.stop()

    assert "upload.submitted" in told
    assert token not in told
    assert "erika" not in told


CROWDED: Final = """
import asyncio, os, signal, sys
from app.api.serving.server import serve

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": f"{(await receive())['type']}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"", "more_body": False})
    if scope["path"] == "/crowd":
        for _ in range(10_000):
            asyncio.get_running_loop().call_soon_threadsafe(int)
        os.kill(os.getpid(), signal.SIGTERM)

serve(lambda _: app, "127.0.0.1", int(sys.argv[1]), stop_seconds=2)
"""


def test_a_stop_is_heard_though_so_much_happens_at_that_moment_that_nothing_can_wake_the_loop_for_it() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", CROWDED, str(port)], cwd=REPOSITORY, stderr=subprocess.PIPE)
    try:
        until(lambda: is_open(port), "it does not listen")
        assert httpx.get(f"http://127.0.0.1:{port}/crowd").status_code == 200
        assert b"Traceback" not in process.communicate(timeout=20)[1]
        assert process.returncode == 0
    finally:
        process.kill()
        process.communicate()


def is_open(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
