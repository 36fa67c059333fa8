"""The interface of an image model. Knows no particular model."""

from typing import Protocol

import msgspec


class Answer(msgspec.Struct, frozen=True):
    """The answer of an image model. Its bytes are unchecked, and may be no picture."""

    model: str
    """The name of the model that answered, recorded with the result."""
    media_type: str
    image: bytes


class ImageModel(Protocol):
    """Makes a picture of a photo. Every call is bounded in time."""

    @property
    def name(self) -> str:
        """The model's name, as recorded with the result."""

    @property
    def expected_seconds(self) -> float:
        """How long a call usually takes; progress is shown by it."""

    def prepare(self) -> None:
        """Do what takes long before the first call: nothing is paid for yet, and after it `generate` calls at once."""

    def generate(self, clean_jpeg: bytes, prompt: str) -> Answer:
        """The picture that the prompt asks for. Raises PermanentError or PassingError."""
