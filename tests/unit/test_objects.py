"""The keys of objects. Stored objects and recorded events contain them, so their format must not change."""

from uuid import UUID

import pytest

from domain.objects import answer_key, answer_prefix, clean_key, folder_of, original_key, picture_key

ID = "6f1c2c1e-6a43-4c6e-9d0a-0f7f2f8f1d11"
UPLOAD_ID = UUID(ID)
SHA256 = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (original_key(UPLOAD_ID, SHA256), f"{ID}/original-0123456789abcdef"),
        (clean_key(UPLOAD_ID), f"{ID}/clean.jpg"),
        (answer_key(UPLOAD_ID, SHA256), f"{ID}/generated-0123456789abcdef"),
        (picture_key(UPLOAD_ID, "full", SHA256), f"{ID}/full-0123456789abcdef.jpg"),
        (picture_key(UPLOAD_ID, "preview", SHA256), f"{ID}/preview-0123456789abcdef.jpg"),
    ],
)
def test_a_key_never_changes_and_lies_in_the_folder_of_its_upload(key: str, expected: str) -> None:
    assert key == expected
    assert key.startswith(folder_of(UPLOAD_ID))


def test_every_answer_has_the_prefix_of_answers() -> None:
    assert answer_key(UPLOAD_ID, SHA256).startswith(answer_prefix(UPLOAD_ID))
