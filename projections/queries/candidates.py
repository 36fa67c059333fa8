"""The uploads that a bulk action would act on: what a search finds, with no more than tells whether the action fits."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from msgspec import Struct
from psycopg.rows import class_row

from domain.failures import FailureCode
from domain.stages import Status
from projections.log.pools import Pool, connected
from projections.queries.search import Search, found, parameters

SELECT_CANDIDATES: Final = """
WITH u AS MATERIALIZED (SELECT u.* FROM {found} ORDER BY {newest_first} LIMIT %(limit)s)
SELECT u.upload_id, u.status, u.error_code, l.worker FROM u LEFT JOIN live_leases l USING (upload_id)
ORDER BY u.created_at DESC, u.upload_id DESC
"""


class Candidate(Struct, frozen=True, kw_only=True):
    """A row of the answer: the columns of SELECT_CANDIDATES."""

    upload_id: UUID
    status: Status
    error_code: FailureCode | None
    worker: str | None


def candidates(pool: Pool, search: Search, limit: int) -> Sequence[Candidate]:
    """The newest uploads of the search, so many at most. Raises LogUnavailableError."""
    query = SELECT_CANDIDATES.format(**found(search))
    with connected(pool) as connection:
        cursor = connection.cursor(row_factory=class_row(Candidate))
        return cursor.execute(query.encode(), {**parameters(search), "limit": limit}, prepare=False).fetchall()
