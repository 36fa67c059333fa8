"""How a resource documents its routes: answers with examples, errors from the one table, operations."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import ClassVar, Final
from uuid import UUID

import msgspec
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example, OpenAPIHeader, OpenAPIResponse, Operation, Parameter, Reference, Schema
from litestar.openapi.spec.enums import OpenAPIType

from app.api.http.bodies import ErrorBody, ErrorFacts
from app.api.http.errors import UNEXPECTED, Answer, row_of

SESSION: Final = "session"
"""The name of the security scheme."""
STAFF_SCHEME: Final = "staff"
"""The security scheme of staff: a bearer token."""
TOKEN: Final = "X-Session-Token"  # noqa: S105 - a header's name
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


def header(name: str, description: str) -> tuple[str, OpenAPIHeader]:
    """The documentation of a header of an answer."""
    return name, OpenAPIHeader(description=description, schema=Schema(type=OpenAPIType.STRING))


REQUEST_ID: Final = header("X-Request-ID", "The id of this request in our logs: the client's own, else a new one.")
KEY: Final = Schema(type=OpenAPIType.STRING, min_length=1, max_length=255, pattern="^[!-~]+$")
"""An Idempotency-Key: visible ASCII."""
RETRY_AFTER: Final = header("Retry-After", "When to ask again, in seconds.")
LATER: Final = frozenset({"429", "503"})


@dataclass
class DocumentedOperation(Operation):
    """An operation as OpenAPI wants it: a summary of one sentence, headers that are never null, and those of answers.

    An operation that takes X-Session-Token needs it, unless its class says that it `may_begin_session`.
    """

    answer_headers: ClassVar[Mapping[int, Sequence[tuple[str, OpenAPIHeader]]]] = {}
    may_begin_session: ClassVar[bool] = False

    def __post_init__(self) -> None:
        summary, stop, rest = (self.description or "").partition(". ")
        self.summary, self.description = f"{summary.rstrip('.')}.", rest if stop else None
        for parameter in self.parameters or ():
            if isinstance(parameter, Parameter):
                self._describe(parameter)
        for status, answer in (self.responses or {}).items():
            if isinstance(answer, OpenAPIResponse):
                later = (RETRY_AFTER,) if status in LATER else ()
                answer.headers = dict((REQUEST_ID, *later, *self.answer_headers.get(int(status), ())))
                _clean_examples(answer)

    def _describe(self, parameter: Parameter) -> None:
        if isinstance(parameter.schema, Schema) and parameter.schema.one_of:
            parameter.schema = parameter.schema.one_of[0]  # the other one is null, which no header can be
        if parameter.name == "Idempotency-Key":
            parameter.schema = KEY
        if parameter.name == TOKEN:
            parameter.required = not self.may_begin_session
            self.security = [{}, {SESSION: []}] if self.may_begin_session else [{SESSION: []}]


@dataclass
class AskingOperation(DocumentedOperation):
    """An operation whose parameters cannot be invalid: the framework's own 400 is not among its answers."""

    def __post_init__(self) -> None:
        (self.responses or {}).pop("400", None)
        super().__post_init__()


def _clean_examples(answer: OpenAPIResponse) -> None:
    for media in (answer.content or {}).values():
        named = dict(_named(*example) for example in (media.examples or {}).items())
        media.examples = named or None


def _named(name: str, example: Example | Reference) -> tuple[str, Example | Reference]:
    """An example by its own name; as a member `id`, where the framework puts that, OpenAPI forbids it."""
    if isinstance(example, Example):
        return example.id or name, replace(example, id=None)
    return name, example
