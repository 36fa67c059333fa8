"""The stage watermarking: the full picture becomes the preview, the only one that a session ever sees."""

from typing import Final

from workers.imaging.jobs import Picture, Watermark
from workers.imaging.sandbox import Sandbox
from workers.imaging.watermarking import LONGEST_SIDE, TEXT

QUALITY: Final = 85


def preview(full_jpeg: bytes, sandbox: Sandbox) -> Picture:
    """The watermarked preview, at most LONGEST_SIDE px on the long side, of a full picture that an attempt has stored.

    The full picture is ours and was read back and matched: whatever goes wrong with it is trouble that passes.
    """
    return sandbox.run(Watermark(full_jpeg, TEXT, longest_side=LONGEST_SIDE, quality=QUALITY))
