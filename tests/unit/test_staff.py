"""Roles, names and reasons of staff."""

import pytest

from domain.errors import ReasonError
from domain.privacy import private_in, secret_in
from domain.staff import NAME, REASON_LENGTH, Role, checked_reason


def test_each_role_may_do_what_the_roles_before_it_may() -> None:
    assert [[a.covers(b) for b in Role] for a in Role] == [
        [True, False, False],
        [True, True, False],
        [True, True, True],
    ]


@pytest.mark.parametrize("name", ["e", "erika", "erika.m-2_x", "0" * 64])
def test_a_name(name: str) -> None:
    assert NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", "Erika", "-erika", "erika m", "erika@example.com", "ü", "e" * 65, "erika\n"])
def test_no_name(name: str) -> None:
    assert not NAME.fullmatch(name)


@pytest.mark.parametrize(
    ("reason", "kept"),
    [
        ("  The owner asked.  ", "The owner asked."),
        ("Ticket 4711: Absturz. Größe ok", "Ticket 4711: Absturz. Größe ok"),
        ("お客様の依頼", "お客様の依頼"),
        ("👩‍🎨 asked", "👩‍🎨 asked"),
        ("x" * REASON_LENGTH, "x" * REASON_LENGTH),
    ],
)
def test_a_reason_is_kept_as_it_was_written(reason: str, kept: str) -> None:
    assert checked_reason(reason) == kept


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (None, "Give a reason"),
        ("", "Give a reason"),
        (" \n ", "Give a reason"),
        (7, "Give a reason"),
        ("x" * (REASON_LENGTH + 1), "501 characters"),
        ("two\nlines", "control character"),
        ("a\x00b", "control character"),
        ("\u202edekcatta", "control character"),
        ("\ud800", "control character"),
        ("erika@example.com asked", "an e-mail address"),
        ("sent IMG_1234.jpg, twice", "a filename"),
        ("her photo (me.HEIC)", "a filename"),
        ("token dks_" + "x" * 43, "a staff token"),
        ("see https://s3/x?X-Amz-Signature=1", "a signed URL"),
        ("postgresql://u:p@host", "a password"),
        ("AIza" + "x" * 35, "an API key"),
    ],
)
def test_what_is_no_reason_is_refused_with_what_is_wrong(reason: object, told: str) -> None:
    with pytest.raises(ReasonError, match=told):
        checked_reason(reason)


def test_what_is_accepted_holds_nothing_that_verify_would_find() -> None:
    assert private_in("Ticket 4711, stands still since 9:00.") is None
    assert secret_in("session:a886e65e94bbc507") is None
