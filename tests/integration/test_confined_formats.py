"""A confined child makes the same picture of every format as the same code without confinement: it lacks nothing."""

import pytest
from PIL import Image

from tests.photos import attacks, variants
from workers.errors import PermanentError
from workers.imaging.developing import develop
from workers.imaging.jobs import Develop, Finish, Picture, Print, Watermark
from workers.imaging.printing import make_print
from workers.imaging.sandbox import Sandbox
from workers.imaging.watermarking import finish, watermark

KINDS = ("JPEG", "PNG", "WEBP", "AVIF", "HEIF")
BROKEN_EXIF = b"Exif\0\0MM\0\x2a\xff\xff\xff\xff"
PHOTOS = {
    **{f"a {kind}": variants.encoded(variants.corners(), kind) for kind in KINDS},
    **{f"a {kind} with metadata": variants.with_metadata(kind) for kind in KINDS},
    **{f"a {kind} on its side": variants.oriented(6, kind) for kind in KINDS},
    **{f"half a {kind}": variants.truncated(kind) for kind in KINDS},
    **{
        f"a {kind} with broken EXIF": variants.encoded(variants.corners(), kind, exif=BROKEN_EXIF) for kind in KINDS[:3]
    },
    **{f"an animated {kind}": variants.animated(kind) for kind in ("PNG", "WEBP", "AVIF")},
    **{
        f"a PNG of mode {mode}": variants.encoded(Image.new(mode, (40, 30)), "PNG") for mode in ("1", "LA", "P", "I;16")
    },
    "four inks": variants.cmyk(),
    "a wide gamut": variants.wide_gamut((180, 110, 90)),
    "a progressive JPEG without its end": variants.encoded(variants.corners(), progressive=True)[:-2],
    "an orientation in XMP": variants.encoded(variants.corners(), xmp=b'<x tiff:Orientation="6"/>'),
    "a HEIC in tiles": attacks.heic_grid(512, 2, 3, (1500, 1000)),
    "an SVG in UTF-16": "\ufeff<svg/>".encode("utf-16-le"),
}


@pytest.mark.parametrize("name", PHOTOS)
@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_a_confined_child_develops_as_we_do(name: str) -> None:
    job = Develop(PHOTOS[name], 50_000_000, 20_000, longest_side=300, quality=80)
    try:
        wanted: Picture | PermanentError = develop(job)
    except PermanentError as refusal:
        wanted = refusal

    if isinstance(wanted, Picture):
        assert Sandbox().run(job) == wanted
    else:
        with pytest.raises(PermanentError) as refused:
            Sandbox().run(job)
        assert (refused.value.code, refused.value.message) == (wanted.code, wanted.message)


def test_a_confined_child_finishes_as_we_do() -> None:
    job = Finish(Develop(variants.photo(), 50_000_000, 8192, 8192, quality=95), "TEXT", longest_side=300, quality=80)
    assert Sandbox().finish(job) == finish(job)


def test_a_confined_child_prints_and_watermarks_as_we_do() -> None:
    photo = variants.photo()
    print_, mark = Print(photo, "seed"), Watermark(photo, "TEXT", longest_side=300, quality=80)
    assert Sandbox().run(print_) == make_print(print_)
    assert Sandbox().run(mark) == watermark(mark)
