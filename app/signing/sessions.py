"""Sessions: who owns uploads.

A session is an unguessable id; its token is that id and a time, signed; the rest of Darkroom knows its hash alone. A
token is checked by calculation: no database is asked, and none knows it. It ends after its lifetime, and is renewed
while it is used: from the middle of its life on, an answer carries a new one. A session that was ended has no token.

Keys rotate: new tokens are signed by the newest key, and every key that is still listed opens the tokens it signed.
"""

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Container, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from itsdangerous import BadData, Signer, TimestampSigner
from itsdangerous.encoding import base64_encode, int_to_bytes
from msgspec import Struct

from app.signing.signatures import is_spelt_as_signed

SALT: Final = b"darkroom.dated-session"
UNDATED_SALT: Final = b"darkroom.session"
UNDATED_END: Final = datetime(2027, 3, 1, tzinfo=UTC)
"""Tokens of older versions have no time. All of them end at this moment; used before, they are renewed."""
DERIVED: Final = b"darkroom.derived-session:"
ID_BYTES: Final = 24
LIFETIME: Final = timedelta(days=90)
HOUR: Final = 3600
SKEW: Final = 60
"""In seconds: so far the clocks of two servers may differ."""
KNOWN: Final = 50_000
"""The number of genuine tokens that are remembered, at about 300 bytes each."""


class Session(Struct, frozen=True):
    """The owner of uploads. `id` and `token` are secrets and never leave for a log or a table."""

    id: str
    token: str

    @property
    def hash(self) -> str:
        """The SHA-256 of the id; the id itself is not stored."""
        return sha256(self.id.encode()).hexdigest()

    @property
    def actor(self) -> str:
        """The name of the session in events."""
        return f"session:{self.hash[:16]}"

    def __repr__(self) -> str:
        """Without the secrets, so that no traceback shows them."""
        return f"Session({self.actor})"


class Known(NamedTuple):
    """What is remembered of a genuine token: the hash of its session and, in seconds of Unix time, its end."""

    session_hash: str
    renew_at: float
    ends_at: float
    early: str | None = None
    """The hash of a token that is dated ahead: the end by its date is too late."""


class Sessions:
    """Makes sessions and recognises their tokens. The keys are given newest first."""

    def __init__(
        self,
        secret_keys: Sequence[str],
        lifetime: timedelta = LIFETIME,
        ended: Container[str | None] = frozenset(),
        end_later: Callable[[str, float], object] = lambda *_: None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        keys = list(reversed(secret_keys))
        how: dict[str, Any] = {"key_derivation": "hmac", "digest_method": staticmethod(sha256)}
        # itsdangerous signs with the last key of its list.
        self._signer = TimestampSigner(keys, salt=SALT, **how)
        self._undated = Signer(keys, salt=UNDATED_SALT, **how)
        self._oldest_key = secret_keys[-1].encode()
        self._lifetime = lifetime.total_seconds()
        self._ended = ended
        self._clock = clock
        self._end_later = end_later
        self._known: dict[bytes, Known] = {}

    def new(self) -> Session:
        """A session with an unguessable id."""
        return self._signed(_id_of(secrets.token_bytes(ID_BYTES)), self._clock())

    def derive(self, idempotency_key: str) -> Session:
        """The session of a client that has a key but no token yet: always the same one for a key.

        It is made with the oldest key, which stays the oldest while newer ones are put before it. When that one is
        taken away, a repeated first submission is a new one; its old token has ended with the same key. Its token is
        dated to the hour, so that a repeated submission gets the same answer.
        """
        digest = hmac.digest(self._oldest_key, DERIVED + idempotency_key.encode(), "sha256")
        return self._signed(_id_of(digest[:ID_BYTES]), self._clock() // HOUR * HOUR)

    def read(self, token: str) -> Session | None:
        """The session of a token; None for one that we did not sign, that is over, or whose session was ended."""
        found = self._opened(token)
        return Session(found[0], token) if found and self.known(token.encode("latin-1")) else None

    def owner(self, token: bytes) -> str | None:
        """The hash of the session of a token as it was sent; None where `read` finds none."""
        known = self.known(token)
        return known.session_hash if known else None

    def known(self, token: bytes) -> Known | None:
        """What is known of a token as it was sent; None where `read` finds none.

        A poller sends the same token again and again, so its signature is checked once. Only the hash of the token is
        remembered, which opens nothing. Keys change with a restart, which forgets it.
        """
        digest = sha256(token).digest()
        known = self._known.get(digest)
        if known is None:
            found = self._opened(token.decode("latin-1"))
            known = self._facts(*found, digest.hex()) if found else None
            if known is None or not self._is_good(known):
                return None
            if len(self._known) >= KNOWN:
                del self._known[next(iter(self._known))]
            self._known[digest] = known
        return known if self._is_good(known) else None

    def is_ended(self, session: Session) -> bool:
        """Whether the session was ended, by its owner or by staff."""
        return session.hash in self._ended

    def is_due(self, known: Known) -> bool:
        """Whether a token is in the second half of its life."""
        return self._clock() >= known.renew_at

    def renewed(self, token: bytes) -> str | None:
        """A new token of the same session; None while the given one is in the first half of its life."""
        known = self.known(token)
        if known is None or not self.is_due(known):
            return None
        found = self._opened(token.decode("latin-1"))
        return self._signed(found[0], self._clock()).token if found else None

    def _is_good(self, known: Known) -> bool:
        if known.session_hash in self._ended or (known.early is not None and known.early in self._ended):
            return False
        return self._clock() < known.ends_at

    def _opened(self, token: str) -> tuple[str, float | None] | None:
        """The id of the session and the token's time, None for an undated one."""
        if not is_spelt_as_signed(token):
            return None
        try:
            session_id, at = self._signer.unsign(token, return_timestamp=True)
            return session_id.decode("ascii"), at.timestamp()
        except (BadData, UnicodeError):
            pass
        try:
            return self._undated.unsign(token).decode("ascii"), None
        except (BadData, UnicodeError):
            return None

    def _facts(self, session_id: str, at: float | None, token_hash: str) -> Known:
        session_hash = Session(session_id, "").hash
        if at is None:
            return Known(session_hash, 0, UNDATED_END.timestamp())
        if at <= self._clock() + SKEW:
            return Known(session_hash, at + self._lifetime / 2, at + self._lifetime)
        # It was signed before this clock stepped back. Nothing tells its age, and its owner must not be shut out. So it
        # has a lifetime from now on, and is renewed at once.
        self._end_later(token_hash, self._lifetime)
        return Known(session_hash, 0, at + self._lifetime, token_hash)

    def _signed(self, session_id: str, at: float) -> Session:
        # As TimestampSigner signs, with a time that is given.
        dated = f"{session_id}.{base64_encode(int_to_bytes(int(at))).decode('ascii')}"
        return Session(session_id, Signer.sign(self._signer, dated).decode("ascii"))


def _id_of(random: bytes) -> str:
    return urlsafe_b64encode(random).decode("ascii")
