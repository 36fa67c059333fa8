"""The sessions of the console, and the links that begin one. The only writer of both tables.

    signed in with a token or a link -> signed out, over at its end, or ended by a new token of the person

A session's cookie and a link's code have 256 random bits each; the tables hold their hashes. Signing in and out are
rows of the audit log, in the same transaction. Whether the person may still come in is the person's own state.
"""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal

from msgspec import Struct

from domain.staff import actor_of
from projections.log.pools import Pool, connected
from projections.staff.audit_log import Action, Entry, record
from projections.staff.members import Member

LIFETIME: Final = timedelta(hours=12)
"""Of a session: a working day. It is not renewed."""
LINK_LIFETIME: Final = timedelta(hours=24)
SECRET_BYTES: Final = 32
SECRET_LENGTH: Final = 43

How = Literal["token", "link"]
"""What a person has signed in with."""

INSERT_SESSION: Final = """
INSERT INTO staff_sessions (session_hash, name, ends_at)
VALUES (%(hash)s, %(name)s, least(clock_timestamp() + %(lifetime)s, %(until)s)) RETURNING ends_at
"""
# One that ends later than it can is from before PostgreSQL's clock stepped back, and would last longer by the step.
SELECT_SESSION: Final = """
SELECT name, ends_at FROM staff_sessions JOIN staff USING (name)
WHERE session_hash = %(hash)s AND began_at >= token_since
  AND ends_at > clock_timestamp() AND ends_at <= clock_timestamp() + %(lifetime)s + interval '1 second'
"""
DELETE_SESSION: Final = "DELETE FROM staff_sessions WHERE session_hash = %s RETURNING name"
DELETE_OVER: Final = "DELETE FROM staff_sessions WHERE ends_at <= clock_timestamp()"
INSERT_LINK: Final = """
INSERT INTO staff_links (link_hash, name, ends_at) VALUES (%(hash)s, %(name)s, clock_timestamp() + %(lifetime)s)
"""
DELETE_LINK: Final = """
DELETE FROM staff_links WHERE link_hash = %(hash)s
RETURNING name, ends_at > clock_timestamp() AND ends_at <= clock_timestamp() + %(lifetime)s + interval '1 second'
"""
DELETE_LINKS: Final = "DELETE FROM staff_links WHERE name = %s OR ends_at <= clock_timestamp()"


class StaffSession(Struct, frozen=True):
    """A session that has begun and is not over."""

    name: str
    ends_at: datetime


class StaffSessions:
    """Begins, finds and ends sessions, and makes links."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def begin(self, member: Member, how: How, request_id: str | None = None) -> tuple[str, StaffSession]:
        """A new session of that person, and the secret of its cookie, which is kept nowhere."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        values = {"hash": _hash(secret), "name": member.name, "lifetime": LIFETIME, "until": member.until}
        with connected(self._pool) as connection, connection.transaction():
            connection.execute(DELETE_OVER)
            [(ends_at,)] = connection.execute(INSERT_SESSION, values).fetchall()
            facts = {"with": how, "until": ends_at}
            record(connection, Entry(actor=member.actor, action=Action.SIGNED_IN, facts=facts, request_id=request_id))
        return secret, StaffSession(member.name, ends_at)

    def find(self, secret: str) -> StaffSession | None:
        """The session of a cookie; None for one that is over, or that we did not make."""
        if not _looks_like_secret(secret):
            return None
        with connected(self._pool) as connection:
            row = connection.execute(SELECT_SESSION, {"hash": _hash(secret), "lifetime": LIFETIME}).fetchone()
        return StaffSession(*row) if row else None

    def end(self, secret: str, request_id: str | None = None) -> None:
        """Sign out. Nothing is recorded for a session that was over."""
        with connected(self._pool) as connection, connection.transaction():
            row = connection.execute(DELETE_SESSION, (_hash(secret),)).fetchone()
            if row:
                entry = Entry(actor=actor_of(row[0]), action=Action.SIGNED_OUT, request_id=request_id)
                record(connection, entry)

    def make_link(self, name: str) -> str:
        """The code of a new link, which replaces every earlier one of that person."""
        code = secrets.token_urlsafe(SECRET_BYTES)
        with connected(self._pool) as connection, connection.transaction():
            connection.execute(DELETE_LINKS, (name,))
            connection.execute(INSERT_LINK, {"hash": _hash(code), "name": name, "lifetime": LINK_LIFETIME})
        return code

    def redeem(self, code: str) -> str | None:
        """The name of the person whom a link signs in; the link is used up. None for any other code."""
        if not _looks_like_secret(code):
            return None
        with connected(self._pool) as connection:
            row = connection.execute(DELETE_LINK, {"hash": _hash(code), "lifetime": LINK_LIFETIME}).fetchone()
        return row[0] if row and row[1] else None


def _looks_like_secret(text: str) -> bool:
    return len(text) == SECRET_LENGTH and text.isascii()


def _hash(secret: str) -> bytes:
    return sha256(secret.encode()).digest()
