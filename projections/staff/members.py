"""The staff members: their names, roles, tokens and end dates. The only writer of the table.

    added -> rotated, any number of times -> revoked, or ended at its time

A token has 256 random bits, so its SHA-256 cannot be searched for. Every change is a row of the audit log, in the same
transaction.
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final, Literal

import psycopg
from msgspec import Struct
from psycopg.rows import args_row

from domain.errors import DarkroomError, StaffNameTakenError, StaffNotFoundError, StaffRevokedError
from domain.staff import Role, actor_of
from projections.log.pools import Pool, connected
from projections.staff.audit_log import Action, Entry, record

PREFIX: Final = "dks_"
"""What every token begins with, so that a scanner of secrets recognises one that was published by mistake."""
TOKEN_BYTES: Final = 32
TOKEN_LENGTH: Final = len(PREFIX) + 43

COLUMNS: Final = """
name, role, until, added_at, token_since, revoked_at, coalesce(until <= clock_timestamp(), false) AS ended
"""
SELECT_ALL: Final = f"SELECT {COLUMNS} FROM staff ORDER BY name"  # noqa: S608 - names of our own
SELECT_NAMED: Final = f"SELECT {COLUMNS} FROM staff WHERE name = %s"  # noqa: S608 - likewise
SELECT_HOLDER: Final = f"SELECT {COLUMNS} FROM staff WHERE token_hash = %s"  # noqa: S608 - likewise
INSERT: Final = f"""
INSERT INTO staff (name, role, token_hash, until) VALUES (%(name)s, %(role)s, %(token_hash)s, %(until)s)
RETURNING {COLUMNS}
"""  # noqa: S608 - likewise
# A session that began before PostgreSQL's clock stepped back seems to be younger than the new token.
ROTATE: Final = f"""
WITH ended AS (DELETE FROM staff_sessions WHERE name = %(name)s)
UPDATE staff SET token_hash = %(token_hash)s, token_since = clock_timestamp(), role = coalesce(%(role)s, role),
                 until = coalesce(%(until)s, until)
WHERE name = %(name)s AND revoked_at IS NULL RETURNING {COLUMNS}
"""  # noqa: S608 - likewise
REVOKE: Final = f"""
UPDATE staff SET revoked_at = clock_timestamp() WHERE name = %(name)s AND revoked_at IS NULL RETURNING {COLUMNS}
"""  # noqa: S608 - likewise


class Member(Struct, frozen=True):
    """A staff member. The fields are COLUMNS, in the same order."""

    name: str
    role: Role
    until: datetime | None
    added_at: datetime
    token_since: datetime
    revoked_at: datetime | None
    ended: bool

    @property
    def actor(self) -> str:
        """What events and the audit log call the person."""
        return actor_of(self.name)

    @property
    def state(self) -> Literal["active", "ended", "revoked"]:
        """Whether the person may come in: active, ended or revoked."""
        if self.revoked_at:
            return "revoked"
        return "ended" if self.ended else "active"


class Staff:
    """Adds, rotates and revokes members, and recognises them. `by` is the actor of a change; HTTP has a request."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def add(
        self, name: str, role: Role, until: datetime | None, *, by: str, request_id: str | None = None
    ) -> tuple[Member, str]:
        """A new member, and the token, which is kept nowhere. Raises StaffNameTakenError."""
        token = _new_token()
        values = {"name": name, "role": role.value, "token_hash": _hash(token), "until": until}
        try:
            return self._change(INSERT, values, Action.STAFF_ADDED, by, request_id), token
        except psycopg.errors.UniqueViolation:
            raise _taken(name, known=self.named(name)) from None

    def rotate(
        self,
        name: str,
        *,
        by: str,
        role: Role | None = None,
        until: datetime | None = None,
        request_id: str | None = None,
    ) -> tuple[Member, str]:
        """A new token, which ends the old one; and another role or end, if given.

        Raises StaffNotFoundError, StaffRevokedError.
        """
        token = _new_token()
        values = {"name": name, "role": role and role.value, "token_hash": _hash(token), "until": until}
        return self._change(ROTATE, values, Action.STAFF_ROTATED, by, request_id), token

    def revoke(self, name: str, *, by: str, request_id: str | None = None) -> Member:
        """Take the access away, at once and for good. Raises StaffNotFoundError, StaffRevokedError."""
        return self._change(REVOKE, {"name": name}, Action.STAFF_REVOKED, by, request_id)

    def members(self) -> Sequence[Member]:
        """Every member there ever was, by name."""
        with connected(self._pool) as connection:
            return connection.cursor(row_factory=args_row(_member)).execute(SELECT_ALL).fetchall()

    def named(self, name: str) -> Member | None:
        """The member of this name."""
        with connected(self._pool) as connection:
            return _one(connection, SELECT_NAMED, (name,))

    def holder(self, token: str) -> Member | None:
        """The member to whom the token was given last, active or not."""
        if not looks_like_token(token):
            return None
        with connected(self._pool) as connection:
            return _one(connection, SELECT_HOLDER, (_hash(token),))

    def _change(
        self, statement: str, values: Mapping[str, object], action: Action, by: str, request_id: str | None
    ) -> Member:
        with connected(self._pool) as connection, connection.transaction():
            member = _one(connection, statement, values)
            if member is None:
                raise _refusal(str(values["name"]), known=_one(connection, SELECT_NAMED, (values["name"],)))
            facts = {"role": member.role, "until": member.until}
            entry = Entry(actor=by, action=action, subject=member.name, facts=facts, request_id=request_id)
            record(connection, entry)
            return member


def looks_like_token(text: str) -> bool:
    """Whether the text has the form of our tokens. If not, the database need not be asked."""
    return len(text) == TOKEN_LENGTH and text.startswith(PREFIX) and text.isascii()


def _taken(name: str, known: Member | None) -> StaffNameTakenError:
    is_revoked = known is not None and known.revoked_at is not None
    rest = "." if is_revoked else f", or give {name} a new token with `darkroom staff rotate {name}`."
    return StaffNameTakenError(
        f"There {'was' if is_revoked else 'is'} a staff member {name} already. A name is given once, because events "
        f"contain it: choose another one{rest}"
    )


def _refusal(name: str, known: Member | None) -> DarkroomError:
    if known:
        return StaffRevokedError(f"{name} is revoked, and stays so. Add the person again under another name.")
    return StaffNotFoundError(f"There is no staff member {name!r}. `darkroom staff list` shows them.")


def _new_token() -> str:
    return PREFIX + secrets.token_urlsafe(TOKEN_BYTES)


def _hash(token: str) -> bytes:
    return sha256(token.encode()).digest()


def _one(connection: psycopg.Connection[Any], statement: str, values: Any) -> Member | None:  # noqa: ANN401 - the driver's parameters
    return connection.cursor(row_factory=args_row(_member)).execute(statement.encode(), values).fetchone()


def _member(*columns: Any) -> Member:  # noqa: ANN401 - the driver's values
    name, role, *others = columns
    return Member(name, Role(role), *others)
