"""Merkle trees: the known roots of RFC 6962, growth leaf by leaf, and paths that lead to the root and to no other."""

from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from projections.history.merkle import Growing, leaf, node, path, root, root_of_path

INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
"""The inputs of the test vectors that Certificate Transparency's implementations share."""
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def leaves(count: int) -> list[bytes]:
    return [leaf(bytes([number])) for number in range(count)]


def test_the_known_root_is_found() -> None:
    assert root([leaf(bytes.fromhex(each)) for each in INPUTS]).hex() == ROOT_OF_EIGHT


def test_a_tree_without_leaves_has_the_hash_of_nothing() -> None:
    assert root([]) == Growing().root == sha256().digest()


def test_an_odd_leaf_stands_alone() -> None:
    first, second, third = leaves(3)
    assert root([first, second, third]) == node(node(first, second), third)


@settings(deadline=None)
@given(st.integers(0, 256), st.integers(0, 256))
def test_a_tree_that_grows_has_the_same_root_wherever_it_was_laid_down(count: int, pause: int) -> None:
    growing = Growing()
    for number, hashed in enumerate(leaves(min(count, 256))):
        if number == pause:
            growing = Growing(growing.count, growing.roots)
        growing.add(hashed)
    assert growing.root == root(leaves(min(count, 256)))


@pytest.mark.parametrize("count", [1, 2, 3, 7, 8, 100, 256])
def test_every_path_leads_to_the_root_and_from_no_other_place(count: int) -> None:
    tree = leaves(count)
    for index, hashed in enumerate(tree):
        nodes = path(tree, index)
        assert root_of_path(hashed, index, count, nodes) == root(tree)
        assert root_of_path(leaf(b"another"), index, count, nodes) != root(tree)
        assert root_of_path(hashed, index, count, [*nodes, hashed]) != root(tree)
        if count > 1:
            assert root_of_path(hashed, (index + 1) % count, count, nodes) != root(tree)
