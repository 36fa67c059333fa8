"""What looks like a secret in a text is found, and a text of any length is looked through once."""

import pytest

from domain.privacy import SECRETS, secret_in

FOUND = {
    "a staff token": "dks_" + "a" * 43,
    "a signed token": "a" * 20 + "." + "b" * 6 + "." + "c" * 27,
    "a signed URL": "https://x/y?a=b&X-Amz-Signature=c",
    "an API key": "AIza" + "a" * 35,
    "a password": "postgresql://me:secret@host/x",
    "an e-mail address": "erika@example.org",
}


def test_every_kind_is_found_within_a_sentence() -> None:
    assert FOUND.keys() == SECRETS.keys()
    for kind, secret in FOUND.items():
        assert secret_in(f"It said ({secret}) again.") == kind
        assert secret_in(f"é{'-' * 3} {secret}") == kind


@pytest.mark.parametrize(
    "part", ["x", "x-", "a@", "a@b", "@", ".", "a.", "://", "://a:", "a" * 16 + ".", "AIza-", "=", "é"]
)
def test_a_text_of_a_million_characters_is_looked_through(part: str) -> None:
    secret_in(part * (1_000_000 // len(part)))
