"""The next version of Darkroom: a copy of this one with a stage, an event, a failure code and a newer form of an event.

    watermarking -> polishing -> complete         upload.polished         preview-stored in version 2
                       |
                       +-> failed with TOO_DULL, where the environment's REFUSED begins the photo's SHA-256

Its processes are real ones: they run on that copy because it comes first on their PYTHONPATH.
"""

import shutil
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent.parent
CHANGED: Final = ("domain", "workers", "schema.sql")
SAME: Final = ("app", "projections")
REFUSED: Final = "REFUSED"

EVENT: Final = '''class Polished(Event, frozen=True, gc=False):
    """The preview was polished."""

    NAME: ClassVar[str] = "upload.polished"

    attempt: Count
    shine: Count


EVENTS: dict'''

COMMAND: Final = '''    def polish(self, attempt: Attempt) -> None:
        """Polish the preview."""
        attempt.advance(Stage.POLISHING, 95)
        if attempt.upload.original_sha256.startswith(os.environ.get("REFUSED", "none")):
            raise PermanentError(FailureCode.TOO_DULL, "dull")
        attempt._append(lambda upload: upload._next(Polished, attempt._by, attempt=attempt.number, shine=1))

    def watermark('''

EDITS: Final[dict[str, dict[str, str]]] = {
    "domain/stages.py": {
        '    COMPLETE = "complete"\n': '    POLISHING = "polishing"\n    COMPLETE = "complete"\n',
        "Stage.WATERMARKING, Stage.COMPLETE)": "Stage.WATERMARKING, Stage.POLISHING, Stage.COMPLETE)",
        "ADDED: Final[frozenset[Stage]] = frozenset()": "ADDED: Final = frozenset({Stage.POLISHING})",
        "    Stage.COMPLETE: range": "    Stage.POLISHING: range(95, 96),\n    Stage.COMPLETE: range",
    },
    "domain/failures.py": {
        '    CANCELLED = "CANCELLED"\n': '    CANCELLED = "CANCELLED"\n    TOO_DULL = "TOO_DULL"\n',
        '    FailureCode.CANCELLED: "Cancelled.",\n': (
            '    FailureCode.CANCELLED: "Cancelled.",\n    FailureCode.TOO_DULL: "This photo is too dull to polish.",\n'
        ),
    },
    "domain/events.py": {
        "EVENTS: dict": EVENT,
        "        Noted,\n": "        Noted,\n        Polished,\n",
        "    attempt: Count\n    preview: StoredImage\n": (
            "    SCHEMA_VERSION: ClassVar[int] = 2\n\n"
            "    attempt: Count\n    preview: StoredImage\n    shine: Count = 0\n"
        ),
    },
    "domain/mapper.py": {
        "    (Failed.NAME, 1): _unasked,\n": (
            '    (Failed.NAME, 1): _unasked,\n    ("upload.preview-stored", 1): lambda facts: {**facts, "shine": 0},\n'
        ),
    },
    "domain/fold.py": {
        "    Noted,\n": "    Noted,\n    Polished,\n",
        "    Noted: _noted,\n": "    Noted: _noted,\n    Polished: _noted,\n",
    },
    "workers/runs/stages.py": {
        "import random\n": "import os\nimport random\n\nfrom domain.events import Polished\n",
        "            (Stage.WATERMARKING, self.watermark),\n": (
            "            (Stage.WATERMARKING, self.watermark),\n            (Stage.POLISHING, self.polish),\n"
        ),
        "    def watermark(": COMMAND,
    },
    "schema.sql": {
        "'watermarking', 'complete', 'failed')": "'watermarking', 'polishing', 'complete', 'failed')",
        "WHEN 'watermarking' THEN progress = 90": (
            "WHEN 'watermarking' THEN progress = 90 WHEN 'polishing' THEN progress = 95"
        ),
    },
}


def make_newer_version(folder: Path) -> Path:
    """The folder of the copy."""
    for name in CHANGED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder / name)
    for name in SAME:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "node_modules", "src"))
    for name, edits in EDITS.items():
        text = (folder / name).read_text()
        for old, new in edits.items():
            assert old in text, f"{name} has changed: it lacks {old!r}"
            text = text.replace(old, new, 1)
        (folder / name).write_text(text)
    return folder
