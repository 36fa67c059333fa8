"""A file that asks a decoder for far more than its pixels is refused by its structure; an honest large one is not."""

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.photos import attacks, variants
from workers.errors import PermanentError
from workers.imaging import developing, opening
from workers.imaging.developing import develop
from workers.imaging.iso import IsoFile
from workers.imaging.jobs import Develop, Picture
from workers.imaging.jpeg_structure import structure_of
from workers.imaging.sandbox import Limits


def developed(data: bytes) -> Picture:
    return develop(Develop(data, max_pixels=50_000_000, max_side=20_000, longest_side=512, quality=80))


ATTACKS = {
    "2,600 empty scans of a JPEG": attacks.many_scans(8000, 6000, 2600),
    "60 empty scans of a large JPEG": attacks.many_scans(8000, 6000, 60),
    "30 of one without its end": attacks.many_scans(8000, 6000, 30)[:-2],
    "60 empty scans behind many markers": attacks.scans_behind_markers(100_001, 60),
    "60 empty scans of a component that shares its id": attacks.scans_of_one_name(60),
    "scans of a tiny JPEG": attacks.many_scans(8, 8, 50_000),
    "segments of a JPEG": attacks.many_segments(50_000),
    "beginnings of pictures in a JPEG's header": attacks.in_the_header(b"\xff\xd8\xff" * 1_000_000),
    "scans without a frame": attacks.in_the_header(b"\xff\xda\xff\xff" * 1_000_000),
    "chunks of a PNG": attacks.many_chunks(150_000),
    "chunks of a WebP": attacks.many_webp_chunks(20_000),
    "one large tile 200 times": attacks.heic_grid(2048, 1, 200, (8000, 2048)),
    "one small tile 40,000 times": attacks.heic_grid(64, 200, 200, (7000, 7000)),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_what_asks_for_too_much_is_refused_before_a_pixel_is_decoded(
    attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(developing, "decode", None)
    monkeypatch.setattr(opening, "_pixels_of", None)
    with pytest.raises(PermanentError) as refused:
        developed(ATTACKS[attack])
    assert refused.value.code is FailureCode.IMAGE_TOO_COMPLEX


def test_a_progressive_photo_of_the_greatest_size_is_developed() -> None:
    photo = variants.encoded(Image.new("RGB", (10_000, 5_000)), progressive=True, subsampling=0)
    assert structure_of(photo).block_visits < opening.MAX_BLOCK_VISITS_WITHOUT_END
    assert developed(photo).width == 512


def test_so_is_one_in_four_inks() -> None:
    photo = variants.encoded(Image.new("CMYK", (1_000, 500)), progressive=True)
    assert structure_of(photo).block_visits * 100 < opening.MAX_BLOCK_VISITS


def test_so_is_one_of_many_scans_that_is_small() -> None:
    assert developed(attacks.many_scans(1600, 1200, 200)).width == 512


def test_of_many_exif_segments_the_first_one_is_read() -> None:
    photo = variants.oriented(6)
    flooded = attacks.with_exif_segments(photo, 4_900)
    assert opening.open_header(flooded, max_pixels=10**6, max_side=1000).info["exif"] == exif_of(photo)
    assert developed(flooded) == developed(photo)


def exif_of(photo: bytes) -> bytes:
    """The content of its Exif segment."""
    exif: bytes = Image.open(variants.stream(photo)).info["exif"]
    return exif


def test_a_component_is_told_by_its_id_and_its_place() -> None:
    structure = structure_of(attacks.scans_of_one_name(1))
    assert [factors for _, factors in sorted(structure.components.items())] == [(4, 4), (1, 1), (4, 4), (1, 1)]
    assert structure.unsupported is None


@pytest.mark.parametrize("count", [1, 20_000])
def test_a_png_of_many_small_chunks_is_developed(count: int) -> None:
    assert developed(attacks.many_chunks(count)).width == 8


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_heic_or_avif_asks_for_its_own_pixels(kind: str) -> None:
    photo = variants.encoded(variants.corners(), kind)
    assert IsoFile(photo).pixels() == (320 * 200, 1)


def test_a_grid_asks_for_each_of_its_tiles() -> None:
    photo = attacks.heic_grid(512, 2, 3, (1500, 1000))
    assert IsoFile(photo).pixels() == (6 * 512 * 512, 7)
    assert developed(photo).source_format == "HEIC"


def test_a_grid_that_lies_about_its_tile_is_not_decoded() -> None:
    with pytest.raises(PermanentError) as refused:
        developed(attacks.heic_grid(2048, 1, 100, (6400, 64), claimed=64))
    assert refused.value.code is FailureCode.IMAGE_TRUNCATED


def test_pictures_made_of_each_other_cost_no_more_than_they_are_many() -> None:
    with pytest.raises(PermanentError) as refused:
        developed(attacks.heic_of_itself(items=100))
    assert refused.value.code is FailureCode.IMAGE_TOO_COMPLEX


def test_scans_are_weighed_by_the_blocks_of_their_components() -> None:
    grey = variants.encoded(Image.new("L", (80, 80)))
    colour = variants.encoded(Image.new("RGB", (80, 80)), subsampling="4:2:0")
    assert structure_of(grey).block_visits == 100
    assert structure_of(colour).block_visits == 100 + 25 + 25


def test_no_accepted_photo_takes_over_six_seconds() -> None:
    assert Limits().cpu_seconds <= 6
