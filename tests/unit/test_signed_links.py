"""Signed links: one object, for a while, to the holder of the link."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.signing.links import PATH, SignedLinks

KEYS = ["the newer key of the two", "the older key of the two"]
KEY = "0f8f2c7e/preview-0123456789abcdef.jpg"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def signed(links: SignedLinks, seconds: int = 300) -> str:
    """What follows the path in a link."""
    return links.sign(KEY, timedelta(seconds=seconds)).removeprefix(PATH)


def at(moment: datetime, keys: list[str] = KEYS) -> SignedLinks:
    """Links at a moment."""
    return SignedLinks(keys, lambda: moment)


def key_of(links: SignedLinks, link: str) -> str | None:
    """The key of the object that the link serves."""
    grant = links.read(link)
    return grant.key if grant else None


@pytest.mark.parametrize(("after", "key"), [(0, KEY), (299, KEY), (300, None), (301, None), (86400, None)])
def test_a_link_serves_its_object_until_it_ends(after: int, key: str | None) -> None:
    link = signed(at(NOON))

    assert key_of(at(NOON + timedelta(seconds=after)), link) == key


def test_a_link_outlives_the_rotation_of_keys_while_its_own_is_listed() -> None:
    link = signed(at(NOON, KEYS[1:]))

    assert key_of(at(NOON), link) == KEY
    assert at(NOON, KEYS[:1]).read(link) is None


def test_a_link_is_a_path_of_ours_without_a_slash_in_it() -> None:
    link = at(NOON).sign(KEY, timedelta(minutes=5))

    assert link.startswith(PATH)
    assert "/" not in link.removeprefix(PATH)


def test_an_altered_link_serves_nothing() -> None:
    link = signed(at(NOON))

    assert at(NOON).read("x" + link) is None
    assert at(NOON).read(link[:-4]) is None


def test_another_spelling_of_a_link_serves_nothing() -> None:
    link = signed(at(NOON))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    others = [link[:-1] + last for last in alphabet if last != link[-1]]

    assert [
        other for other in [*others, f"{link}=", f"{link}==", f"{link}\n", f"{link} "] if at(NOON).read(other)
    ] == []


@given(st.text())
def test_no_text_whatever_raises(text: str) -> None:
    assert SignedLinks(KEYS).read(text) is None
