"""Whether the invariants of README's "What must hold" held: `darkroom verify`, and what only a bystander can tell."""

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256

import psycopg

from app.storage.folder import FolderStore
from domain.failures import FailureCode
from tests.acceptance.clients import Job
from tests.acceptance.service import CHILDREN, Service
from tests.chaos.model import Model

LOSSES = """
SELECT upload_id::text, count(*) FILTER (WHERE name = 'upload.attempt-started')
     - count(*) FILTER (WHERE name = 'upload.attempt-failed' AND state->>'code' <> 'WORKER_STOPPED')
FROM event_log GROUP BY upload_id
"""
"""Attempts that ended without a word, or in the middle because their worker had to stop; and the last one of each."""
CAUSES = {
    FailureCode.CONTENT_BLOCKED: "refusal",
    FailureCode.NO_IMAGE_GENERATED: "text",
    FailureCode.GENERATION_UNAVAILABLE: "status 503",
    FailureCode.WORKER_LOST: "kill",
}
"""What an upload may fail of, and what it takes for that."""


def verified(service: Service) -> Iterator[str]:
    """What `darkroom verify` finds: streams, rows, objects, secrets."""
    done = service.run("verify", "--data", service.data)
    if done.returncode:
        yield done.stdout + done.stderr


def submissions(service: Service, jobs: Iterable[Job]) -> Iterator[str]:
    """Invariant 1: every 202 has one stream, and nothing else has."""
    with psycopg.connect(service.addresses.database_url) as connection:
        streams = {str(found) for (found,) in connection.execute("SELECT DISTINCT upload_id FROM event_log")}
    answered = [job.id for job in jobs]
    yield from (f"invariant 1: {job} was answered 202 and has no stream" for job in set(answered) - streams)
    yield from (f"invariant 1: {upload} has a stream, but no client was told" for upload in streams - set(answered))
    yield from (f"invariant 1: {job} was given to {n} clients" for job, n in Counter(answered).items() if n > 1)


def payments(service: Service, model: Model) -> Iterator[str]:
    """Invariant 5: a second picture only where a worker went away between the call and the storage."""
    store = FolderStore(service.data / "objects", lambda key, _: key)
    with psycopg.connect(service.addresses.database_url) as connection:
        begun: dict[str, int] = dict(connection.execute(LOSSES).fetchall())
    for key in store.keys(""):
        upload, _, name = key.partition("/")
        made = model.pictures[sha256(store.get(key)).hexdigest()] if name == "clean.jpg" else 0
        if made > max(begun[upload], 1):
            yield f"invariant 5: {made} pictures were paid for {upload}, of which {begun[upload] - 1} runs were lost"


def failures(ends: Iterable[dict[str, object]], happened: set[str]) -> Iterator[str]:
    """An upload may fail only of something that was done to it."""
    for end in ends:
        code = end.get("errorCode")
        if end["status"] == "failed" and (code not in CAUSES or CAUSES[FailureCode(str(code))] not in happened):
            yield f"invariant 2: {end['jobId']} failed with {code}, and nothing was done to deserve it"


def survivors(service: Service, endings: Counter[str]) -> Iterator[str]:
    """Invariant 9: no child was started more often than it was ended."""
    starts = Counter(str(line["child"]) for line in service.lines if line["event"] == "child started")
    for child in CHILDREN:
        if starts[child] > 1 + endings[child]:
            yield f"invariant 9: {child} was ended {endings[child]} times and started {starts[child]} times"


def secrets(service: Service, jobs: Iterable[Job], key: str) -> Iterator[str]:
    """Invariant 8, for the logs: `darkroom verify` looks at the rest."""
    output = service.output
    for secret in (key, *(job.token for job in jobs)):
        if secret in output:
            yield f"invariant 8: {secret!r} is in the log"
