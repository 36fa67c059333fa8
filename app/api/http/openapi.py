"""How a resource documents its routes: answers with examples, errors from the one table, operations."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final
from uuid import UUID

import msgspec
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, Operation

from app.api.http.bodies import ErrorBody, ErrorFacts
from app.api.http.errors import UNEXPECTED, Answer, row_of

Responses = dict[int, ResponseSpec]

JOB_ID: Final = UUID("0f8f2c7e-3d0b-4a57-9a53-6f1f0c1f9c11")
RESULT_ID: Final = UUID("7a1d6c52-58a0-4c63-8f3e-2f1f3d0b9e22")
SUBMITTED_AT: Final = datetime(2024, 12, 21, 10, 29, 40, tzinfo=UTC)
MOVED_AT: Final = datetime(2024, 12, 21, 10, 30, tzinfo=UTC)


def answers(body: type[msgspec.Struct], description: str, **examples: msgspec.Struct) -> ResponseSpec:
    """The documentation of an answer that is not in the table of errors."""
    return ResponseSpec(
        body,
        generate_examples=False,
        description=description,
        # As structs: the framework would leave the nulls out of plain values.
        examples=[Example(id=name, value=example) for name, example in examples.items()],
    )


def errors(*kinds: type[Exception]) -> Responses:
    """The documentation of the errors that an endpoint may answer with, and of those that any may."""
    by_status: dict[int, list[Example]] = defaultdict(list)
    for kind in kinds:
        _add(by_status, row_of(kind), (kind.__doc__ or "").strip(), kind.__name__)
    _add(by_status, UNEXPECTED, "", "Unexpected")
    return {
        status: ResponseSpec(
            ErrorBody, generate_examples=False, description=HTTPStatus(status).phrase, examples=examples
        )
        for status, examples in by_status.items()
    }


def _add(by_status: dict[int, list[Example]], answer: Answer, message: str, name: str) -> None:
    body = ErrorBody(error=ErrorFacts(code=answer.code, message=answer.message or message))
    by_status[answer.status].append(Example(id=name, value=body))


@dataclass
class AskingOperation(Operation):
    """An operation whose parameters cannot be invalid: the framework's own 400 is not among its answers."""

    def __post_init__(self) -> None:
        (self.responses or {}).pop("400", None)
