"""Merkle trees as in RFC 6962: the root of a list of leaves, and the path from a leaf to the root.

leaf = SHA-256(0x00, content)    node = SHA-256(0x01, left, right)
"""

from collections.abc import Sequence
from hashlib import sha256


def leaf(content: bytes) -> bytes:
    """The hash of a leaf."""
    return sha256(b"\0" + content).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of a tree."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256().digest()
    half = _half(len(leaves))
    return node(root(leaves[:half]), root(leaves[half:]))


def path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The hashes that lead from a leaf to the root, the nearest one first."""
    if len(leaves) <= 1:
        return []
    half = _half(len(leaves))
    if index < half:
        return [*path(leaves[:half], index), root(leaves[half:])]
    return [*path(leaves[half:], index - half), root(leaves[:half])]


def root_of_path(hashed: bytes, index: int, size: int, nodes: Sequence[bytes]) -> bytes | None:
    """The root to which a path leads from a leaf; None for a path of a wrong length."""
    if size <= 1:
        return hashed if not nodes and index == 0 and size == 1 else None
    if not nodes or not 0 <= index < size:
        return None
    half, (*below, last) = _half(size), nodes
    if index < half:
        found = root_of_path(hashed, index, half, below)
        return found and node(found, last)
    found = root_of_path(hashed, index - half, size - half, below)
    return found and node(last, found)


class Growing:
    """A tree that grows leaf by leaf, and keeps no more than the roots of its whole subtrees, the largest first."""

    def __init__(self, count: int = 0, roots: bytes = b"") -> None:
        self.count = count
        self._roots = [roots[at : at + 32] for at in range(0, len(roots), 32)]

    @property
    def roots(self) -> bytes:
        """The roots of the subtrees, to go on from."""
        return b"".join(self._roots)

    def add(self, hashed: bytes) -> None:
        """Add a leaf."""
        self._roots.append(hashed)
        self.count += 1
        pairs = self.count
        while pairs % 2 == 0:
            right, left = self._roots.pop(), self._roots.pop()
            self._roots.append(node(left, right))
            pairs //= 2

    @property
    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self._roots:
            return sha256().digest()
        *larger, found = self._roots
        for left in reversed(larger):
            found = node(left, found)
        return found


def _half(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1
