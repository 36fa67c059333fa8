"""A photo on its way through the four steps, in real children, and where each step puts the blame."""

import io
from itertools import pairwise

import pytest
from msgspec import structs
from PIL import Image

from domain.failures import FailureCode
from tests.photos import variants
from workers.errors import PassingError, PermanentError
from workers.imaging.sandbox import Limits, Sandbox
from workers.steps.generating import generate, progress_after
from workers.steps.prompts import CURRENT
from workers.steps.storing import finish
from workers.steps.validating import Accepted, validate
from workers.steps.watermarking import preview
from workers.vision.local import LocalModel
from workers.vision.model import Answer

SANDBOX = Sandbox()
CRAMPED = Sandbox(Limits(memory_bytes=150 * 1024**2))
"""Children that can begin, and open nothing large."""


@pytest.mark.parametrize("original", [variants.with_metadata(), variants.twelve_megapixels()])
def test_a_photo_goes_in_and_a_picture_and_its_preview_come_out(original: bytes) -> None:
    clean = validate(original, SANDBOX, Accepted())
    answer = generate(clean.jpeg, CURRENT, LocalModel(SANDBOX))
    assert (answer.model, answer.media_type) == ("local/darkroom-print-2", "image/jpeg")
    full, shown = structs.astuple(finish(answer, SANDBOX))
    again = preview(full.jpeg, SANDBOX)
    assert Image.open(io.BytesIO(full.jpeg)).size == (full.width, full.height)
    assert max(shown.width, shown.height) == 1280
    assert (again.width, again.height) == (shown.width, shown.height)
    for jpeg in (clean.jpeg, full.jpeg, shown.jpeg, again.jpeg):
        assert variants.SECRET.encode() not in jpeg


def test_a_print_is_the_same_in_every_child() -> None:
    model = LocalModel(SANDBOX)
    assert generate(variants.photo(), CURRENT, model) == generate(variants.photo(), CURRENT, model)


def test_an_original_that_exhausts_its_child_is_too_complex() -> None:
    with pytest.raises(PermanentError) as refused:
        validate(variants.encoded(Image.new("RGB", (6000, 6000)), "PNG"), CRAMPED, Accepted())
    assert refused.value.code is FailureCode.IMAGE_TOO_COMPLEX


def test_an_original_over_the_accepted_size_is_too_large() -> None:
    with pytest.raises(PermanentError) as refused:
        validate(variants.photo(), SANDBOX, Accepted(max_pixels=1000))
    assert refused.value.code is FailureCode.IMAGE_TOO_LARGE


@pytest.mark.parametrize("image", [b"no picture", b"", variants.truncated(), variants.bomb()])
def test_an_answer_that_is_no_picture_fails_for_want_of_one(image: bytes) -> None:
    with pytest.raises(PermanentError) as refused:
        finish(Answer("a model", "image/png", image), SANDBOX)
    assert refused.value.code is FailureCode.NO_IMAGE_GENERATED


def test_an_answer_that_exhausts_its_child_is_no_picture_at_any_retry() -> None:
    large = variants.encoded(Image.new("RGB", (6000, 6000)), "PNG")
    with pytest.raises(PermanentError) as refused:
        finish(Answer("a model", "image/png", large), CRAMPED)
    assert refused.value.code is FailureCode.NO_IMAGE_GENERATED


def test_a_broken_full_picture_is_trouble_that_passes() -> None:
    with pytest.raises(PassingError) as passing:
        preview(variants.truncated(), SANDBOX)
    assert passing.value.code is FailureCode.INTERNAL_ERROR


def test_a_prompt_that_does_not_exist_is_an_error_of_ours() -> None:
    with pytest.raises(PermanentError) as refused:
        generate(variants.photo(), 0, LocalModel(SANDBOX))
    assert refused.value.code is FailureCode.INTERNAL_ERROR


def test_progress_moves_with_the_call_and_leaves_its_end_to_the_answer() -> None:
    shown = [progress_after(seconds, 12) for seconds in range(-1, 200)]
    assert shown[0] == 30
    assert 55 <= progress_after(12, 12) <= 60
    assert all(one <= other for one, other in pairwise(shown))
    assert shown[-1] == 69
