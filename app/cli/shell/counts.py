"""How many of something there are, in words."""


def counted(number: int, noun: str) -> str:
    """The number with its noun, which takes an s: "1 upload", "2,000 uploads"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
