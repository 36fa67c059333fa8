"""Polls: how many a second one server process answers, and how long the slowest of a hundred takes.

All over the same rows, of uploads that run, in the same database, with the same check of the session token; driven by
wrk, each poll for an upload at random. The peers are FastAPI with SQLAlchemy, and Hono with Drizzle; the limits answer
the same bytes each time, without database and token: a route of the framework's, and an application without one.
Beside those who ask a database too, server, database and wrk share the machine as its kernel has it; beside the route,
the server has a CPU for itself. What waits is measured too: polls that are held and streams, all on one process, and
how long a step takes to reach them.
"""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Final
from uuid import UUID

import psycopg

from app.signing.sessions import Session, Sessions
from domain.mapper import EventMapper
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.rows.projector import projector
from tests.acceptance.service import clean_environment
from tests.benchmarks import served, wrk
from tests.benchmarks.bench import Bench
from tests.benchmarks.contest import Case, Contender, Figures, Target
from tests.benchmarks.held import Crowd
from tests.benchmarks.lives import life
from tests.benchmarks.served import Served
from tests.servers import open_folder

UPLOADS: Final = 50_000
EVENTS: Final = 4
"""Of every upload: it runs, and its picture is being made."""
CONNECTIONS: Final = (64, 256)
SECONDS: Final = 4
ROUNDS: Final = 9
"""More than usual: a machine whose CPU changes its speed within seconds hits some of them, and not their median."""
HELD: Final = 5000
WATCHED: Final = 100
"""Uploads, over which those are spread."""
HOLD: Final = """
INSERT INTO leases (upload_id, worker, expires_at)
SELECT upload_id, 'bench', clock_timestamp() + interval '9 s' FROM uploads
ON CONFLICT (upload_id) DO UPDATE SET expires_at = excluded.expires_at
"""
FASTAPI: Final = "FastAPI + SQLAlchemy"
HONO: Final = "Hono + Drizzle"
ROUTE: Final = "a Litestar route"
BARE: Final = "bare ASGI"


@contextmanager
def cases(bench: Bench) -> Iterator[Sequence[Case]]:
    """Polls over few connections and over many, and those who wait."""
    bench.rounds = bench.sized(ROUNDS, 1)
    owner = Sessions([served.KEY]).new()
    database_url = bench.database()
    ids = fill(database_url, bench.sized(UPLOADS, 40), owner)
    with ExitStack() as stack:
        crowd = Crowd(bench, database_url, owner, ids[: bench.sized(WATCHED, 2)], count := bench.sized(HELD, 8))

        def measured() -> Figures:
            figures = crowd.measure()
            hold(database_url)  # verify comes next
            return figures

        held = Case(f"{count:,} clients wait", (Contender("Darkroom", "ours", measured),))
        if wrk.PROGRAM is None:
            bench.note("Polls are left out: there is no wrk here.")
            yield [held]
            return
        folder = stack.enter_context(open_folder())
        ours = stack.enter_context(served.darkroom(database_url, bench.redis_url, folder))
        (folder / "ids").write_text("".join(f"{upload_id}\n" for upload_id in ids))
        environment = {**clean_environment(), "IDS": str(folder / "ids"), "TOKEN": owner.token}
        rivals = {"Darkroom": ours, **_rivals(bench, stack, database_url, ours, ids[0], owner)}
        for rival in rivals.values():  # pools are filled and code is warm before anything counts
            wrk.polls(rival.url, CONNECTIONS[0], bench.sized(SECONDS, 1), environment)
        few, many = (partial(_case, bench, rivals, environment, connections) for connections in CONNECTIONS)
        yield [few(""), many("", *IN_ALL), many(APART, OF_THE_SERVER), held]


def fill(database_url: str, count: int, owner: Session) -> list[UUID]:
    """That many uploads that run, each with a lease, in the log and in their rows; their ids."""
    mapper, ids = EventMapper(), []
    with open_pool(database_url, 2, "bench") as pool:
        log = EventLog(pool)
        for begin in range(0, count, 100):
            lives = [life(owner.hash)[:EVENTS] for _ in range(min(100, count - begin))]
            ids += [events[0].originator_id for events in lives]
            log.insert_events([mapper.to_stored_event(event) for events in lives for event in events])
        projector(log, pool).catch_up()
    hold(database_url)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
    return ids


def hold(database_url: str) -> None:
    """Renew the leases of all uploads, as their workers would: without one, verify says that they stand still."""
    with psycopg.connect(database_url) as connection:
        connection.execute(HOLD)


def _rivals(
    bench: Bench, stack: ExitStack, database_url: str, ours: Served, upload_id: UUID, owner: Session
) -> dict[str, Served]:
    """The peers that can be had here; they must answer what we answer."""
    answer, found = ours.status(upload_id, owner.token), {}
    if served.has_python_peers():
        found[FASTAPI] = stack.enter_context(served.fastapi(database_url))
    else:
        bench.note(f"{FASTAPI} is left out: pip install -e '.[bench]' would bring it.")
    node = shutil.which("node")
    if node and (served.HONO / "node_modules").is_dir():
        found[HONO] = stack.enter_context(served.hono(database_url, node))
    else:
        bench.note(f"{HONO} is left out: it needs Node, and npm ci in tests/benchmarks/peers/hono.")
    found[ROUTE] = stack.enter_context(served.bare("litestar", answer))
    found[BARE] = stack.enter_context(served.bare("asgi", answer))
    for name, rival in found.items():
        theirs = rival.status(upload_id, owner.token)
        assert _facts(theirs.json()) == _facts(answer.json()), f"{name} answers {theirs.text}"
    return found


def _facts(body: dict[str, object]) -> dict[str, object]:
    """What a body says, but for the times: JavaScript knows milliseconds."""
    return {name: value for name, value in body.items() if name not in {"createdAt", "updatedAt"}}


def _case(
    bench: Bench, rivals: dict[str, Served], environment: dict[str, str], connections: int, apart: str, *targets: Target
) -> Case:
    kinds = {"Darkroom": "ours", FASTAPI: "peer", HONO: "peer"}
    seconds = bench.sized(SECONDS, 1)

    def polls(rival: Served) -> Figures:
        with served.apart(rival) if apart else nullcontext():
            return wrk.polls(rival.url, connections, seconds, environment)

    contenders = [
        Contender(name, kinds.get(name, "limit"), partial(polls, rival))  # type: ignore[arg-type] # a literal
        for name, rival in rivals.items()
    ]
    return Case(f"{connections} connections{apart}", tuple(contenders), targets)


APART: Final = ", the server on a CPU of its own"
IN_ALL: Final = (
    Target(figure="polls/s", over=(FASTAPI,), at_least=20),
    Target(figure="polls/s", over=(HONO,), at_least=5),
    Target(figure="p99 ms", over=(FASTAPI, HONO), at_most=1 / 3),
)
"""Beside those who ask a database too: all that a poll costs counts, the database's part included."""
OF_THE_SERVER: Final = Target(figure="polls/s", over=(ROUTE,), at_least=1.2)
"""Beside a route that asks none: what the server's process costs counts."""
