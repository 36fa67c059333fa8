"""How many of what, as people write it: one upload, two uploads."""


def counted(number: int, things: str) -> str:
    """The number with its noun, which is given as for many: `1 row of the audit log`, `1,201 uploads`."""
    noun, space, rest = things.partition(" ")
    return f"{number:,} {noun.removesuffix('s') if number == 1 else noun}{space}{rest}"
