"""The image model that needs no key and no network: it makes a darkroom print with Pillow."""

from typing import Final

from workers.imaging.jobs import Print
from workers.imaging.sandbox import Sandbox
from workers.vision.model import Answer

NAME: Final = "local/darkroom-print-2"
"""Counted up when the same photo and prompt would give another print."""


class LocalModel:
    """Makes the same print of the same photo and prompt, to the byte."""

    name = NAME
    expected_seconds = 1.0

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def prepare(self) -> None:
        """Nothing has to be."""

    def generate(self, clean_jpeg: bytes, prompt: str) -> Answer:
        """A print whose grain depends on the photo and the prompt; it cannot read what the prompt says."""
        made = self._sandbox.run(Print(clean_jpeg, seed=prompt))
        return Answer(self.name, "image/jpeg", made.jpeg)
