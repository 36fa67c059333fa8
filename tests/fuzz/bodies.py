"""Damages every text and message that is decoded into a struct: each gives a value, or the error that its reader names.

What a client sends (cursors, tokens, links, headers), what an operator hands over (heads, proofs, manifests, backups),
and what is read back from our own stores (events, rows, answers of the image model, jobs of the image child).
"""

import random
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.fuzz.damage import damaged, reshaped
from tests.fuzz.readers import Reader, readers


def faults(cases: int, seed: str) -> Iterator[str]:
    """What went wrong, a sentence each."""
    dice = random.Random(seed)
    with TemporaryDirectory() as folder:
        for number, reader in zip(range(cases), cycle(readers(Path(folder)))):
            content = dice.choice(reader.examples)
            data = damaged(content, dice) if dice.random() < 0.7 else reshaped(content, dice)
            if error := outcome(reader, data):
                yield f"{reader.name} {number} of seed {seed}: {error}: {data[:200]!r}"


def outcome(reader: Reader, data: bytes) -> str | None:
    """What went wrong; None if the reader gave a value or one of its own errors."""
    try:
        reader.read(data)
    except reader.refusals:
        return None
    except Exception as error:  # noqa: BLE001 - whatever comes is told with the bytes
        return repr(error)
    return None
