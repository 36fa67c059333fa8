"""The table of errors: everything that can be raised has its answer, and none tells too much."""

from collections.abc import Iterator

import pytest
import structlog
from eventsourcing.persistence import MapperDeserialisationError
from litestar.exceptions import (
    ClientException,
    HTTPException,
    ImproperlyConfiguredException,
    InternalServerException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)

from app.api.http.errors import TABLE, UNEXPECTED, ApiError, answer_of, reply_to
from app.api.http.slots import OverloadedError
from app.api.status.stream import TooManyHeldError
from domain.errors import DarkroomError, UnavailableError

OURS = {"domain.errors", "app.api.http.errors", "app.limits.errors", "app.limits.wrong_tokens"}
"""The modules of the errors that the API answers with."""


def leaves(kind: type[Exception]) -> Iterator[type[Exception]]:
    """Every error of ours that nothing derives from."""
    children = [child for child in kind.__subclasses__() if child.__module__ in OURS]
    for child in children:
        yield from leaves(child)
    if not children:
        yield kind


@pytest.mark.parametrize("kind", sorted(leaves(DarkroomError), key=str))
def test_every_error_of_ours_is_in_the_table(kind: type[Exception]) -> None:
    assert any(ancestor in TABLE for ancestor in kind.__mro__)


def test_every_error_of_the_api_has_a_sentence() -> None:
    assert [kind for kind in leaves(ApiError) if not (kind.__doc__ or "").strip().endswith(".")] == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (NotFoundException(), 404, "NOT_FOUND"),
        (MethodNotAllowedException(), 405, "METHOD_NOT_ALLOWED"),
        (ValidationException(), 400, "BAD_REQUEST"),
        (ClientException(), 400, "BAD_REQUEST"),
        (HTTPException(status_code=418), 400, "BAD_REQUEST"),
        (InternalServerException(), 500, "INTERNAL_ERROR"),
        (ImproperlyConfiguredException(), 500, "INTERNAL_ERROR"),
        (MapperDeserialisationError("upload.framed at version 2"), 503, "UNAVAILABLE"),
        (RuntimeError(), 500, "INTERNAL_ERROR"),
        (DarkroomError("whatever it is"), 500, "INTERNAL_ERROR"),
    ],
)
def test_what_others_raise_has_an_answer_of_ours(error: Exception, status: int, code: str) -> None:
    answer = answer_of(error)

    assert (answer.status, answer.code) == (status, code)
    assert answer.message  # theirs is not repeated


def test_what_may_work_later_says_when_to_try_again() -> None:
    assert {answer.retry_after is not None for answer in TABLE.values() if answer.status == 503} == {True}
    assert answer_of(UnavailableError()).retry_after


def test_an_unexpected_error_tells_nothing() -> None:
    assert answer_of(KeyError("a secret")) is UNEXPECTED


@pytest.mark.parametrize(("error", "lines"), [(OverloadedError(), 0), (TooManyHeldError(), 0), (UnavailableError(), 1)])
def test_a_refusal_because_too_much_comes_in_leaves_no_line(error: Exception, lines: int) -> None:
    with structlog.testing.capture_logs() as logged:
        assert reply_to(error).status == 503

    assert len(logged) == lines
