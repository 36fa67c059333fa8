"""The key that signs heads of the event log: an Ed25519 key of its own, from the settings or from the data folder."""

import os
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from domain.errors import DarkroomError

NAME: Final = "head-key"


class HeadKeyError(DarkroomError):
    """The key that signs heads cannot be read or made."""


class HeadKey:
    """Signs heads."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def opened(cls, setting: str | None, folder: Path) -> "HeadKey":
        """The key of the setting, or the one in the folder, which is made if there is none. Raises HeadKeyError."""
        if not setting:
            _make(folder / NAME)
        return cls.kept(setting, folder)

    @classmethod
    def kept(cls, setting: str | None, folder: Path) -> "HeadKey":
        """The key of the setting, or the one in the folder. Raises HeadKeyError."""
        text = setting or _read(folder / NAME)
        try:
            return cls(Ed25519PrivateKey.from_private_bytes(b64decode(text, validate=True)))
        except ValueError as error:
            raise HeadKeyError(
                f"{folder / NAME} is no key: it must be 32 bytes in base64. Restore it, or move it away."
            ) from error

    @property
    def public(self) -> str:
        """The public key, as a head has it."""
        return b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, message: bytes) -> tuple[bytes, bytes]:
        """The signature, and the public key that verifies it."""
        return self._key.sign(message), self._key.public_key().public_bytes_raw()


def _make(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(f"{b64encode(Ed25519PrivateKey.generate().private_bytes_raw()).decode()}\n")
    except FileExistsError:
        pass
    except OSError as error:
        raise HeadKeyError(
            f"The key that signs heads cannot be made as {path}: {error.strerror}. Set HEAD_KEY, or DATA_DIR."
        ) from error


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError as error:
        raise HeadKeyError(
            f"The key that signs heads cannot be read from {path}: {error.strerror}. Set HEAD_KEY, or DATA_DIR."
        ) from error
