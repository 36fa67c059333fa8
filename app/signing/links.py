"""Signed links: paths of our own API that serve one object of the folder store to their holder, for a while."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from app.signing.signatures import is_spelt_as_signed
from domain.ports import Clock

PATH: Final = "/api/blobs/"
SALT: Final = b"darkroom.link"


def _now() -> datetime:
    return datetime.now(UTC)


class Grant(msgspec.Struct, frozen=True):
    """What a link allows: to read one object until then."""

    key: str
    until: datetime


class SignedLinks:
    """Makes and opens links. The keys are given newest first."""

    def __init__(self, secret_keys: Sequence[str], clock: Clock = _now, salt: bytes = SALT, path: str = PATH) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(secret_keys)),
            salt=salt,
            signer_kwargs={"key_derivation": "hmac", "digest_method": staticmethod(sha256)},
        )
        self._keys = secret_keys
        self._clock = clock
        self._path = path

    def of(self, salt: bytes, path: str) -> "SignedLinks":
        """Links of another kind: these do not open what those open."""
        return SignedLinks(self._keys, self._clock, salt, path)

    def sign(self, key: str, lifetime: timedelta) -> str:
        """The path of a link to the object."""
        grant: Any = msgspec.to_builtins(Grant(key, self._clock() + lifetime))
        return self._path + self._serializer.dumps(grant)

    def read(self, signed: str) -> Grant | None:
        """What the link allows; None for a link that we did not sign, or that has ended."""
        try:
            grant = msgspec.convert(self._serializer.loads(signed), Grant)
        except (BadData, UnicodeError, msgspec.ValidationError):
            return None
        if not is_spelt_as_signed(signed):
            return None
        return grant if self._clock() < grant.until else None
