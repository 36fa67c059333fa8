"""How much one picture looks like another: the structural similarity of their brightness (Wang and others, 2004)."""

from typing import Any, Final

from PIL import Image, ImageMath

BLOCK: Final = 8
DARK, FLAT = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def likeness(one: Image.Image, other: Image.Image) -> float:
    """1 for the same picture; the mean over blocks of 8 x 8."""
    assert one.size == other.size
    x, y = _bright(one), _bright(other)
    means = {"a": _mean(x), "b": _mean(y), "aa": _mean(_times(x, x)), "bb": _mean(_times(y, y))}
    blocks = ImageMath.lambda_eval(_similarity, **means, ab=_mean(_times(x, y)))
    mean = blocks.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(mean, float)
    return mean


def _similarity(of: dict[str, Any]) -> Any:  # noqa: ANN401 - Pillow's operands have no public type
    both, squares = of["a"] * of["b"], of["a"] * of["a"] + of["b"] * of["b"]
    variances = of["aa"] + of["bb"] - squares
    alike = (both * 2 + DARK) * ((of["ab"] - both) * 2 + FLAT)
    return alike / ((squares + DARK) * (variances + FLAT))


def _bright(image: Image.Image) -> Image.Image:
    return image.convert("L").convert("F")


def _mean(image: Image.Image) -> Image.Image:
    return image.reduce(BLOCK)


def _times(one: Image.Image, other: Image.Image) -> Image.Image:
    product: Image.Image = ImageMath.lambda_eval(lambda of: of["x"] * of["y"], x=one, y=other)
    return product
