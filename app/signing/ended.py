"""Sessions and tokens that ended before a token's own date says so: tables, and a copy of them in each process.

A request asks the set, so that an ended session is refused without the database. The process that ends a session knows
at once, the others within REFRESH_SECONDS. While PostgreSQL is away the set stays as it is.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from anyio import to_thread
from psycopg.rows import scalar_row

from domain.errors import LogUnavailableError
from projections.log.pools import Pool, connected
from projections.queries.status import StatusReader

REFRESH_SECONDS: Final = 1.0
OVERLAP_SECONDS: Final = 60
"""A session may be committed so long after its `ended_at`; it is read in every refresh until then."""
END: Final = "INSERT INTO ended_sessions (session_hash) VALUES (%s) ON CONFLICT DO NOTHING RETURNING session_hash"
END_LATER: Final = """
INSERT INTO early_tokens (token_hash, ends_at) VALUES (%s, clock_timestamp() + make_interval(secs => %s))
ON CONFLICT DO NOTHING
"""
SELECT_ALL: Final = """
SELECT session_hash FROM ended_sessions UNION ALL SELECT token_hash FROM early_tokens WHERE ends_at <= clock_timestamp()
"""
SELECT_LATEST: Final = """
SELECT session_hash FROM ended_sessions WHERE ended_at > clock_timestamp() - make_interval(secs => %s)
UNION ALL SELECT token_hash FROM early_tokens WHERE ends_at <= clock_timestamp()
"""


class EndedSessions:
    """The hashes of the sessions that were ended, and of the tokens dated ahead whose time is over."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._hashes: set[str] = set()
        self._early: dict[str, float] = {}

    def __contains__(self, ended: object) -> bool:
        """Whether the session or the token has ended, as far as this process knows."""
        return ended in self._hashes

    def end_later(self, token_hash: str, seconds: float) -> None:
        """Let a token end in so many seconds, unless that was said of it before. It is stored with the next refresh."""
        self._early[token_hash] = seconds

    def end(self, session_hash: str) -> bool:
        """End a session for good; False if it was ended before. Blocks. Raises LogUnavailableError."""
        with connected(self._pool) as connection:
            is_new = connection.execute(END, (session_hash,)).fetchone() is not None
        self._hashes.add(session_hash)
        return is_new

    @asynccontextmanager
    async def followed(self, reader: StatusReader) -> AsyncIterator[None]:
        """Keep the set current for as long as the context lasts; it is read before the first request."""
        is_whole = await self._read(reader, whole=True)
        following = asyncio.create_task(self._follow(reader, is_whole=is_whole))
        try:
            yield
        finally:
            following.cancel()

    async def _follow(self, reader: StatusReader, *, is_whole: bool) -> None:
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            if self._early:
                await to_thread.run_sync(self._store_early)
            # After an outage the whole table is read: more may have been missed than OVERLAP_SECONDS show.
            is_whole = await self._read(reader, whole=not is_whole)

    def _store_early(self) -> None:
        early = list(self._early.items())
        with suppress(LogUnavailableError), connected(self._pool) as connection:
            connection.cursor().executemany(END_LATER, early)
            for token_hash, _ in early:
                del self._early[token_hash]

    async def _read(self, reader: StatusReader, *, whole: bool) -> bool:
        with suppress(LogUnavailableError):
            if whole:
                self._hashes.update(await reader.select(SELECT_ALL, scalar_row))
            else:
                self._hashes.update(await reader.select(SELECT_LATEST, scalar_row, OVERLAP_SECONDS))
            return True
        return False
