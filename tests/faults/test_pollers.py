"""Two thousand clients poll one API process at once: every one is answered, over the few connections of its pools."""

import asyncio
import resource
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import psycopg

from app.signing.sessions import Session, Sessions
from tests.api_services import KEYS
from tests.integration.api.serve_for_tests import POOL_SIZE
from tests.integration.api.serving import Server, running
from tests.lives import Lives

POLLERS: Final = 2000
POLLS: Final = 5
CONNECTIONS: Final = """
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'api'
"""


def test_two_thousand_pollers_are_all_answered_and_need_no_more_connections_than_the_pools_hold(
    database_url: str, tmp_path: Path
) -> None:
    owner = Sessions(KEYS).new()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))  # ours: the server raises its own
    with Lives(database_url, tmp_path) as lives, running(database_url, tmp_path) as server:
        ids = [lives.submitted(owner.hash) for _ in range(50)]
        lives.project()

        answers, most = asyncio.run(poll_all(server, ids, owner, database_url))

        told = server.stop()
    assert answers == {b"HTTP/1.1 200 OK": POLLERS * POLLS}
    assert 0 < most <= 2 * POOL_SIZE, "one pool for polls and one for the log"
    assert "api.un" not in told
    assert "Traceback" not in told


async def poll_all(
    server: Server, ids: Sequence[UUID], owner: Session, database_url: str
) -> tuple[Counter[bytes], int]:
    """How the polls were answered, and the most connections that the process had meanwhile."""
    pollers = asyncio.gather(*(poll(server, ids[number % len(ids)], owner) for number in range(POLLERS)))
    most = 0
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        while not pollers.done():
            row = await (await connection.execute(CONNECTIONS)).fetchone()
            most = max(most, row[0] if row else 0)
    return Counter(answer for answers in await pollers for answer in answers), most


async def poll(server: Server, upload_id: UUID, owner: Session) -> list[bytes]:
    """The status lines that one poller reads, over a connection that stays."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    request = f"GET /api/status/{upload_id} HTTP/1.1\r\nHost: x\r\nX-Session-Token: {owner.token}\r\n\r\n"
    lines = []
    for _ in range(POLLS):
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = (int(line.split(b":")[1]) for line in head.lower().splitlines() if line.startswith(b"content-len"))
        await reader.readexactly(length)
        lines.append(head.splitlines()[0])
    writer.close()
    return lines
