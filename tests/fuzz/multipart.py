"""Posts forms to a serving process: no answer is a 5xx or anything but the contract's, and nothing is left behind."""

import http.client
import json
import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from app.api.http.errors import TABLE
from tests.fuzz.forms import Form, form
from tests.integration.api.serving import Server

CODES: Final = {(int(answer.status), answer.code) for answer in TABLE.values() if answer.status < 500}
SECONDS: Final = 30.0


def faults(server: Server, cases: int, seed: str, tally: Counter[int] | None = None) -> Iterator[str]:
    """What went wrong, a sentence each. Counts the answers by status."""
    dice = random.Random(seed)
    taken_in: set[str] = set()
    tally = Counter() if tally is None else tally
    threading.Thread(target=_drain, args=(server,), daemon=True).start()
    with _connection(server) as connection:
        for number in range(cases):
            asked = form(dice)
            status, body = send(connection, asked)
            tally[status] += 1
            if status == 202:
                taken_in.add(body["jobId"])
            elif (status, body.get("error", {}).get("code")) not in CODES:
                yield f"form {number} of seed {seed}: {status} {body}: {asked.headers} {asked.body[:300]!r}"
    yield from _left_behind(server, taken_in)


def send(connection: http.client.HTTPConnection, asked: Form) -> tuple[int, dict[str, Any]]:
    """The answer."""
    connection.request(
        "POST",
        "/api/uploads",
        body=_pieces(asked) if asked.pieces else asked.body,
        headers={name: value.encode("latin-1", "replace") for name, value in asked.headers.items()},
        encode_chunked=bool(asked.pieces),
    )
    answer = connection.getresponse()
    return answer.status, _body(answer.read())


def _body(content: bytes) -> dict[str, Any]:
    try:
        body = json.loads(content)
    except ValueError:
        return {"content": content[:200]}
    return body if isinstance(body, dict) else {"content": body}


def _pieces(asked: Form) -> Iterator[bytes]:
    begin = 0
    for size in asked.pieces:
        if piece := asked.body[begin : begin + size]:
            yield piece
        begin += size
    if rest := asked.body[begin:]:
        yield rest


@contextmanager
def _connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    with closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)) as connection:
        yield connection


def _left_behind(server: Server, taken_in: set[str]) -> Iterator[str]:
    if server.process.poll() is not None:
        yield "the server has ended"
        return
    kept = {file.relative_to(server.folder).parts[-2] for file in server.folder.rglob("*") if file.is_file()}
    if strange := kept ^ taken_in:
        yield f"the storage and the answers differ in {len(strange)} uploads, such as {min(strange)}"
    descriptors = Path(f"/proc/{server.process.pid}/fd")
    open_files = [name for link in descriptors.iterdir() if (name := _target(link)).endswith("(deleted)")]
    if open_files:
        yield f"{len(open_files)} temporary files are still open"
    if server.uploads() != len(taken_in):
        yield f"{server.uploads()} submissions are in the log, {len(taken_in)} were answered with 202"


def _drain(server: Server) -> None:
    """Read the server's log: a full pipe would hold it up."""
    for _ in server.process.stderr or ():
        pass


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""
