"""A body is bounded in size and in time, and holds up no other client."""

import random
import re
import select
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from uuid import uuid4

import httpx
import pytest

from app.signing.sessions import Sessions
from tests.api_services import KEYS
from tests.integration.api.server.photos_on_the_way import HEAD, chunks, frame, slow_upload, slow_uploads, spools
from tests.integration.api.service import JPEG, error_of
from tests.integration.api.serving import Server, answers
from tests.waiting import until

LIMIT: Final = 20 * 2**20
FORM: Final = "multipart/form-data; boundary=edge"


@pytest.mark.parametrize("declared", [True, False])
def test_the_size_limit_holds_declared_and_chunked(patient_server: Server, *, declared: bool) -> None:
    headers = {"Content-Type": FORM}

    def post(size: int) -> httpx.Response:
        body = frame(size)
        return httpx.post(
            f"{patient_server.url}/api/uploads", content=body if declared else chunks(body), headers=headers, timeout=60
        )

    assert [post(size).status_code for size in (LIMIT - 1, LIMIT)] == [202, 202]
    assert [error_of(post(size)) for size in (LIMIT + 1, 3 * LIMIT)] == [(413, "PAYLOAD_TOO_LARGE")] * 2
    assert patient_server.uploads() == 2


def test_a_client_that_reads_after_it_has_sent_all_is_told_why_it_was_refused(patient_server: Server) -> None:
    client = HTTPConnection("127.0.0.1", patient_server.port, timeout=60)
    with closing(client):
        for _ in range(3):
            client.request("POST", "/api/uploads", frame(3 * LIMIT), {"Content-Type": FORM})
            with client.getresponse() as answer:
                assert (answer.status, b"PAYLOAD_TOO_LARGE" in answer.read()) == (413, True)


@pytest.mark.parametrize("framing", ["Content-Length: 1000", "Transfer-Encoding: chunked"])
def test_a_connection_whose_body_was_refused_before_its_end_can_be_used_again(
    shared_server: Server, framing: str
) -> None:
    head = f"POST /api/uploads HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n{framing}\r\n\r\n"
    broken, rest = b"--edge\r\nno header\r\n\r\n".ljust(500, b"x"), bytes(500)
    is_chunked = "chunked" in framing
    for _ in range(10):
        with socket.create_connection(("127.0.0.1", shared_server.port), timeout=60) as client:
            client.sendall(head.encode())
            client.sendall(b"1f4\r\n%s\r\n" % broken if is_chunked else broken)
            assert client.recv(4096).startswith(b"HTTP/1.1 400 ")
            client.sendall(b"1f4\r\n%s\r\n0\r\n\r\n" % rest if is_chunked else rest)
            client.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert client.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_photos_that_come_at_once_arrive_byte_by_byte_as_they_were_sent(patient_server: Server) -> None:
    head, end = frame(len(JPEG)).split(JPEG)
    photos = {head + JPEG + random.Random(seed).randbytes(LIMIT // 2) + end for seed in range(8)}

    def post(body: bytes) -> httpx.Response:
        headers = {"Content-Type": FORM}
        return httpx.post(f"{patient_server.url}/api/uploads", content=chunks(body), headers=headers, timeout=60)

    with ThreadPoolExecutor(4) as threads:
        assert {answer.status_code for answer in threads.map(post, photos)} == {202}

    stored = {path.read_bytes() for path in patient_server.folder.rglob("*") if path.is_file()}
    assert {photo.removeprefix(head).removesuffix(end) for photo in photos} <= stored


def test_memory_does_not_follow_the_size(patient_server: Server) -> None:
    body = frame(LIMIT)
    headers = {"Content-Type": FORM}
    with ThreadPoolExecutor(8) as threads:
        posts = [
            threads.submit(httpx.post, f"{patient_server.url}/api/uploads", content=body, headers=headers, timeout=60)
            for _ in range(8)
        ]
        assert {post.result().status_code for post in posts} == {202}

    status = Path(f"/proc/{patient_server.process.pid}/status").read_text()
    peak = int(re.findall(r"VmHWM:\s+([0-9]+) kB", status)[0]) // 1024
    assert peak < 160, f"{peak} MB at most, for 160 MB of photos at once"


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: many\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Name: a\x00b\r\n\r\n", 400),
        (b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n", 431),
        (b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 431),
    ],
    ids=["length", "NUL", "many headers", "long address"],
)
def test_what_granian_refuses_by_itself_has_no_body_as_readme_says(
    shared_server: Server, head: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=60) as client:
        client.sendall(head)
        told = b"".join(iter(lambda: client.recv(4096), b""))

    assert told.startswith(b"HTTP/1.1 %d " % status)
    assert told.endswith(b"\r\n\r\n")
    assert answers(shared_server)


def test_two_hundred_slow_uploads_hold_up_no_other_client(patient_server: Server) -> None:
    token = Sessions(KEYS).new().token
    with ExitStack() as stack:
        slow = slow_uploads(patient_server, stack, 200)
        client = stack.enter_context(httpx.Client(base_url=patient_server.url, timeout=60))
        for _ in range(200):
            assert client.get(f"/api/status/{uuid4()}", headers={"X-Session-Token": token}).status_code == 404
        assert client.post("/api/uploads", files={"image": JPEG}).status_code == 202

        assert select.select(slow, [], [], 0)[0] == [], "all of them are still on their way"


def test_slow_uploads_end_at_the_deadline(server: Server) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(slow_upload(server)) for _ in range(20)]
        for upload in slow:
            assert upload.recv(4096).startswith(b"HTTP/1.1 408 ")
            while upload.recv(4096):
                pass  # until the server hangs up


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


def test_a_photo_that_is_declared_too_large_is_refused_before_it_is_sent(shared_server: Server) -> None:
    with socket.create_connection(("127.0.0.1", shared_server.port), timeout=60) as client:
        client.sendall(HEAD.replace(b"100000", b"100000000").removesuffix(b"--edge\r\n"))

        assert client.recv(4096).startswith(b"HTTP/1.1 413 ")
