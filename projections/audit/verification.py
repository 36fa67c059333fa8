"""Checks all uploads of a live system, one page of uploads at a time.

A page is read in one read-only snapshot, so that the log and the rows are compared at the same moment. The object
storage is read after it, because a picture is stored before the log records it. An upload that was erased in between
is no violation. Uploads that are submitted during the check may be left out.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby, islice
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg.rows import args_row, class_row
from psycopg_pool import ConnectionPool

from domain.ports import BlobStore
from projections.audit.audit_log import broken_links
from projections.audit.evidence import Evidence, Movement, Quarantine, Violation
from projections.audit.failure_groups import wrong_groups
from projections.audit.movement import Behind, LogMoves, none_behind
from projections.audit.pictures import check_pictures, recorded_pictures
from projections.audit.privacy import check_privacy
from projections.audit.read_model import check_rows
from projections.audit.standstill import check_standstill
from projections.audit.streams import check_stream
from projections.log.connections import translated
from projections.log.event_log import COLUMNS, LoggedEvent
from projections.rows.projector import READER

PAGE: Final = 200
"""Uploads that are checked together. This bounds the memory."""
NIL: Final = UUID(int=0)

_Connection = psycopg.Connection[Any]

SNAPSHOT: Final = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
SELECT_UPLOAD_IDS: Final = " UNION ".join(
    f"(SELECT DISTINCT upload_id FROM {table} WHERE upload_id > %(after)s ORDER BY upload_id LIMIT %(limit)s)"  # noqa: S608 - names of our own
    for table in ("event_log", "uploads", "results", "quarantine")
)
SELECT_PAGE: Final = f"{SELECT_UPLOAD_IDS} ORDER BY upload_id LIMIT %(limit)s"
SELECT_EVENTS: Final = f"""
SELECT {COLUMNS} FROM event_log
WHERE upload_id = ANY(%s) ORDER BY upload_id, version
"""  # noqa: S608 - names of our own
SELECT_ROWS: Final = """
SELECT i.upload_id, clock_timestamp(), to_jsonb(u)::text, to_jsonb(r)::text, q.position, q.error,
       -- one that lies further ahead than a lease lasts is none (schema.sql, live_leases)
       CASE WHEN l.expires_at <= clock_timestamp() THEN l.expires_at ELSE live.expires_at END
FROM unnest(%s::uuid[]) AS i (upload_id)
LEFT JOIN uploads u USING (upload_id) LEFT JOIN results r USING (upload_id)
LEFT JOIN quarantine q USING (upload_id) LEFT JOIN leases l USING (upload_id)
LEFT JOIN live_leases live USING (upload_id)
ORDER BY i.upload_id
"""
SELECT_MOVEMENT: Final = "SELECT position, updated_at FROM positions WHERE reader = %s"
SELECT_KNOWN: Final = "SELECT DISTINCT upload_id FROM event_log WHERE upload_id = ANY(%s)"


class Verification:
    """One check of the whole system. `checked` counts what was read; `strays` lists objects without an upload."""

    def __init__(
        self, pool: ConnectionPool[psycopg.Connection[Any]], store: BlobStore, behind: Behind = none_behind
    ) -> None:
        self._pool = pool
        self._moves = LogMoves(pool, behind)
        self._store = store
        self.checked: Counter[str] = Counter(uploads=0, events=0, objects=0)
        self.strays: list[str] = []

    def violations(self, sample: int | None = None) -> Iterator[Violation]:
        """The violations of all uploads, or of a sample of about that many, chosen by their random ids.

        Raises UnavailableError, StorageRefusedError.
        """
        for page in self._pages():
            if sample is not None and self.checked["uploads"] >= sample:
                return
            for evidence in page:
                self.checked["uploads"] += 1
                self.checked["events"] += len(evidence.history)
                yield from self._check(evidence)
        if sample is None:
            yield from self._of_none("groups of failures", wrong_groups)
            yield from self._of_none("rows of the audit log", broken_links)

    def look_for_strays(self) -> None:
        """Collect folders of objects whose upload has no stream: left by a submission that was not answered with 202.

        They take space but break no invariant. An upload that is being submitted at this moment looks the same.
        """
        folders = ((name, next(keys)) for name, keys in groupby(self._store.keys(""), key=_folder))
        while batch := dict(islice(folders, PAGE)):
            known = self._known(filter(None, map(_uuid, batch)))
            self.strays += [key for name, key in batch.items() if _uuid(name) not in known]

    def _of_none(self, what: str, check: Callable[[_Connection], tuple[int, list[Violation]]]) -> Iterator[Violation]:
        with self._snapshot() as connection:
            rows, violations = check(connection)
        if rows:
            self.checked[what] = rows
        yield from violations

    def _check(self, evidence: Evidence) -> Iterator[Violation]:
        if not evidence.history:
            yield evidence.violation(1, "it has a row, but no event in the log.")
            return
        yield from check_stream(evidence)
        yield from check_standstill(evidence)
        yield from check_rows(evidence)
        yield from check_privacy(evidence)
        yield from self._check_pictures(evidence)
        self.checked["objects"] += len(recorded_pictures(evidence))

    def _check_pictures(self, evidence: Evidence) -> Iterator[Violation]:
        found = list(check_pictures(evidence, self._store))
        if found and not evidence.erased_at and self._is_erased(evidence.upload_id):
            return
        yield from found

    def _pages(self) -> Iterator[list[Evidence]]:
        after = NIL
        while True:
            with self._snapshot() as connection:
                found = connection.execute(SELECT_PAGE, {"after": after, "limit": PAGE}).fetchall()
                page = self._evidence(connection, [upload_id for (upload_id,) in found])
            if not page:
                return
            yield page
            after = found[-1][0]

    def _is_erased(self, upload_id: UUID) -> bool:
        with self._snapshot() as connection:
            return any(evidence.erased_at for evidence in self._evidence(connection, [upload_id]))

    def _known(self, upload_ids: Iterable[UUID]) -> set[UUID]:
        with self._snapshot() as connection:
            return {upload_id for (upload_id,) in connection.execute(SELECT_KNOWN, (list(upload_ids),))}

    def _evidence(self, connection: psycopg.Connection[Any], upload_ids: list[UUID]) -> list[Evidence]:
        streams: dict[UUID, list[LoggedEvent]] = defaultdict(list)
        for logged in connection.cursor(row_factory=class_row(LoggedEvent)).execute(SELECT_EVENTS, (upload_ids,)):
            streams[logged.upload_id].append(logged)
        movement = connection.cursor(row_factory=args_row(Movement)).execute(SELECT_MOVEMENT, (READER,)).fetchone()
        return [
            Evidence(
                upload_id=upload_id,
                now=now,
                history=tuple(streams[upload_id]),
                row=row,
                result_row=result_row,
                quarantine=Quarantine(position, error) if error is not None else None,
                leased_until=leased_until,
                movement=movement or Movement(),
                moves=self._moves,
            )
            for upload_id, now, row, result_row, position, error, leased_until in connection.execute(
                SELECT_ROWS, (upload_ids,)
            )
        ]

    @contextmanager
    def _snapshot(self) -> Iterator[psycopg.Connection[Any]]:
        with translated(), self._pool.connection() as connection, connection.transaction():
            connection.execute(SNAPSHOT)
            yield connection


def _folder(key: str) -> str:
    return key.partition("/")[0]


def _uuid(name: str) -> UUID | None:
    with suppress(ValueError):
        return UUID(name)
    return None
