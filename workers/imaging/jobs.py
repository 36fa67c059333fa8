"""What can be asked of the child process, and what it answers. Both travel as msgpack."""

import hashlib
from enum import StrEnum

import msgspec

from domain.failures import FailureCode
from workers.errors import PermanentError


class Develop(msgspec.Struct, frozen=True, tag=True):
    """Make an upright sRGB JPEG without metadata of a picture from outside."""

    picture: bytes
    max_pixels: int
    max_side: int
    """The longest side that is opened at all."""
    longest_side: int
    """The longest side of the JPEG."""
    quality: int


class Print(msgspec.Struct, frozen=True, tag=True):
    """Make a darkroom print of a developed picture; the seed decides its grain and the edge of its frame."""

    picture: bytes
    seed: str


class Finish(msgspec.Struct, frozen=True, tag=True):
    """Develop a picture, and make a smaller copy of it with a text all over it. It is decoded once for both."""

    full: Develop
    text: str
    longest_side: int
    """Of the smaller copy."""
    quality: int


class Watermark(msgspec.Struct, frozen=True, tag=True):
    """Make a smaller copy of a developed picture with a text all over it."""

    picture: bytes
    text: str
    longest_side: int
    quality: int


class AskConfinement(msgspec.Struct, frozen=True, tag=True):
    """Tell what could not be taken away from the child."""


Job = Develop | Print | Finish | Watermark | AskConfinement


class Picture(msgspec.Struct, frozen=True, tag=True):
    """A JPEG of ours, upright, sRGB, without metadata."""

    jpeg: bytes
    width: int
    height: int
    source_format: str
    """The format of the picture that it was made of: JPEG, PNG, WEBP, HEIC or AVIF."""

    @property
    def sha256(self) -> str:
        """The digest of the JPEG, in hexadecimal."""
        return hashlib.sha256(self.jpeg).hexdigest()


class Finished(msgspec.Struct, frozen=True, tag=True):
    """A developed picture, and its smaller copy with the watermark."""

    full: Picture
    preview: Picture


class Unsupported(StrEnum):
    """A kind of an accepted format that is not opened. The child names one of these, and writes no sentence itself."""

    DEEP_JPEG = "a JPEG with more than 8 bits a channel"
    LOSSLESS_JPEG = "a lossless JPEG"
    HIERARCHICAL_JPEG = "a hierarchical JPEG"
    JPEG_LS = "a JPEG-LS"
    JPEG_OF_OTHER_CHANNELS = "a JPEG that is neither grey nor of 3 or 4 channels"
    JPEG_WITHOUT_HEIGHT = "a JPEG that tells its height behind its pixels"
    APPLE_PNG = "a PNG that only Apple's programs can read"


class UnsupportedError(PermanentError):
    """A picture of a kind that is not opened."""

    def __init__(self, kind: Unsupported) -> None:
        self.kind = kind
        sentence = f"This is {kind}, which is not supported. Please save it as an ordinary JPEG or PNG photo."
        super().__init__(FailureCode.UNSUPPORTED_FORMAT, kind.value, message=sentence)


class Refusal(msgspec.Struct, frozen=True, tag=True):
    """The picture cannot be opened, and never will be."""

    code: FailureCode
    detail: str | None
    kind: Unsupported | None = None


class OutOfMemory(msgspec.Struct, frozen=True, tag=True):
    """The picture took more memory than the child has."""


class Confinement(msgspec.Struct, frozen=True, tag=True):
    """What could not be taken away from the child; nothing, where it is confined."""

    missing: list[str]


Outcome = Picture | Finished | Refusal | OutOfMemory | Confinement
