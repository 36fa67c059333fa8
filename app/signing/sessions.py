"""Sessions: who owns uploads.

A session is an unguessable id; its token is that id, signed; the rest of Darkroom knows its hash alone. A token is
checked by calculation: no database is asked, and none knows it.

Keys rotate: new tokens are signed by the newest key, and every key that is still listed opens the tokens it signed.
"""

import hmac
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from itsdangerous import BadData, Signer
from msgspec import Struct

from app.signing.signatures import is_spelt_as_signed

SALT: Final = b"darkroom.session"
DERIVED: Final = b"darkroom.derived-session:"
ID_BYTES: Final = 24
KNOWN: Final = 50_000
"""Of so many tokens it is remembered that they are genuine, at about 250 bytes each."""


class Session(Struct, frozen=True):
    """The owner of uploads. `id` and `token` are secrets and never leave for a log or a table."""

    id: str
    token: str

    @property
    def hash(self) -> str:
        """What is stored of it."""
        return sha256(self.id.encode()).hexdigest()

    @property
    def actor(self) -> str:
        """What events call it."""
        return f"session:{self.hash[:16]}"

    def __repr__(self) -> str:
        """Without the secrets, so that no traceback shows them."""
        return f"Session({self.actor})"


class Sessions:
    """Makes sessions and recognises their tokens. The keys are given newest first."""

    def __init__(self, secret_keys: Sequence[str]) -> None:
        # The signer signs with the last one of its list.
        self._signer = Signer(
            list(reversed(secret_keys)), salt=SALT, key_derivation="hmac", digest_method=staticmethod(sha256)
        )
        self._oldest_key = secret_keys[-1].encode()
        self._known: dict[bytes, str] = {}

    def new(self) -> Session:
        """A session with an unguessable id."""
        return self._signed(secrets.token_bytes(ID_BYTES))

    def derive(self, idempotency_key: str) -> Session:
        """The session of a client that has a key but no token yet: always the same one for a key.

        It is made with the oldest key, which stays the oldest while newer ones are put before it. When that one is
        taken away, a repeated first submission is a new one; its old token has ended with the same key.
        """
        digest = hmac.digest(self._oldest_key, DERIVED + idempotency_key.encode(), "sha256")
        return self._signed(digest[:ID_BYTES])

    def read(self, token: str) -> Session | None:
        """The session of a token; None for one that we did not sign, whatever it is."""
        try:
            session_id = self._signer.unsign(token).decode("ascii")
        except (BadData, UnicodeError):
            return None
        return Session(session_id, token) if is_spelt_as_signed(token) else None

    def owner(self, token: bytes) -> str | None:
        """The hash of the session of a token as it was sent; None for one that we did not sign.

        A poller sends the same token again and again, so its signature is checked once. Only the hash of the token is
        remembered, which opens nothing. Keys change with a restart, which forgets it.
        """
        digest = sha256(token).digest()
        known = self._known.get(digest)
        if known is None:
            session = self.read(token.decode("latin-1"))
            if session is None:
                return None
            if len(self._known) >= KNOWN:
                del self._known[next(iter(self._known))]
            known = self._known[digest] = session.hash
        return known

    def _signed(self, random: bytes) -> Session:
        session_id = urlsafe_b64encode(random).decode("ascii")
        return Session(session_id, self._signer.sign(session_id).decode("ascii"))
