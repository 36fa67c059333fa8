"""What a benchmark is given: real servers of its own, databases with the schema, and a place for what it has to say.

Every database that it was given is verified afterwards, as `darkroom verify` would: speed that costs truth is none.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO, Final, NoReturn
from uuid import uuid4

import psycopg
from psycopg import sql

from domain.errors import BlobNotFoundError
from domain.events import StoredImage
from projections.audit.verification import Verification
from projections.log.event_log import EventLog
from projections.log.pools import open_pool
from projections.log.schema import migrate
from projections.rows.projector import projector
from tests.servers import running_postgres, running_valkey

PICTURE: Final = b"the one picture of all benchmarks"


def picture(key: str) -> StoredImage:
    """The facts of the one picture, under a key."""
    return StoredImage(key, sha256(PICTURE).hexdigest(), len(PICTURE), 640, 480, "image/jpeg")


class OnePicture:
    """An object storage in which the same picture lies under every key: nothing here is about storage."""

    def spool(self) -> NoReturn:
        """No benchmark asks."""
        raise NotImplementedError

    def put(self, key: str, body: BinaryIO, media_type: str) -> None:
        """Forget it."""

    def get(self, key: str) -> bytes:
        """The picture."""
        if not key:
            raise BlobNotFoundError
        return BytesIO(PICTURE).read()

    def keys(self, prefix: str) -> Iterator[str]:
        """There are none."""
        return iter(())

    def delete(self, key: str) -> None:
        """Keep it."""

    def signed_url(self, key: str, lifetime: timedelta) -> NoReturn:
        """No benchmark asks."""
        raise NotImplementedError

    def ping(self) -> None:
        """It is there."""


class Bench:
    """Servers, databases and notes of one benchmark. With `quick` sizes are tiny, and figures mean nothing.

    `uploads` and `minutes` are what the command line gives; a benchmark that takes them has its own for None.
    """

    def __init__(
        self,
        stack: ExitStack,
        tell: Callable[[str], None],
        *,
        quick: bool,
        uploads: int | None = None,
        minutes: float | None = None,
    ) -> None:
        self.quick = quick
        self.uploads = uploads
        self.minutes = minutes
        self.rounds = 1 if quick else 5
        self.notes: list[str] = []
        self._stack = stack
        self._tell = tell
        self._databases: dict[str, int | None] = {}

    def sized(self, full: int, quick: int) -> int:
        """The size of something, as it should be in this run."""
        return quick if self.quick else full

    def note(self, sentence: str) -> None:
        """Say something that belongs to the results: what was skipped and why, how something was done."""
        self._tell(sentence)
        self.notes.append(sentence)

    @cached_property
    def postgres_url(self) -> str:
        """A PostgreSQL of this benchmark's own, set as `darkroom up` sets it."""
        return self._stack.enter_context(running_postgres()).url

    @cached_property
    def redis_url(self) -> str:
        """A Valkey of this benchmark's own."""
        return self._stack.enter_context(running_valkey()).url

    def database(self, server_url: str | None = None, *, ours: bool = True, sample: int | None = None) -> str:
        """A new database, on our PostgreSQL or another; with our schema and verified at the end if it is ours.

        Where that would take hours, a sample of so many uploads is verified: those whose ids come first, at random.
        """
        server_url = server_url or self.postgres_url
        name = f"bench_{uuid4().hex}"
        with psycopg.connect(server_url, autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        url = server_url.replace("///darkroom?", f"///{name}?")
        if ours:
            migrate(url)
            self._databases[url] = sample
        return url

    def verify(self) -> str:
        """Check every invariant in every database of ours, and say so in a sentence. Raises AssertionError."""
        began, uploads, events = time.monotonic(), 0, 0
        for url, sample in self._databases.items():
            with open_pool(url, 4, "darkroom bench") as pool:
                projector(EventLog(pool), pool).catch_up()
                verification = Verification(pool, OnePicture())
                violations = [str(violation) for violation in verification.violations(sample)]
            if violations:
                raise AssertionError(f"{len(violations)} violations, the first one is: {violations[0]}")
            uploads += verification.checked["uploads"]
            events += verification.checked["events"]
        return f"0 violations in {uploads:,} uploads and {events:,} events, {time.monotonic() - began:.0f} s."
