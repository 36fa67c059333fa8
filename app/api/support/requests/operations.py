"""How the endpoints of staff are declared and documented: token, parameters, the JSON that they take, their answers.

Token, parameters and JSON are read past the framework, which would answer mistakes in its own words.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final, Literal

from litestar import Response, delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, Parameter, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType

from app.api.http.errors import ForbiddenError, MalformedError, NoStaffError, UnsupportedMediaTypeError
from app.api.http.openapi import STAFF_SCHEME, DocumentedOperation, Responses, errors
from app.limits.wrong_tokens import TooManyWrongTokensError
from domain.errors import ReasonError, UnavailableError
from domain.staff import REASON_LENGTH, Role

Handler = Callable[..., Awaitable[Response[Any]]]
Kinds = Sequence[type[Exception]]

PREFIX: Final = "/api/support"
PARAMETERS: Final = "parameters"
"""Where a route names the parameters that its URL may have."""
METHODS: Final = {"GET": get, "POST": post, "DELETE": delete}
STAFF: Final = (NoStaffError, ForbiddenError, MalformedError, TooManyWrongTokensError, UnavailableError)
"""The errors that every endpoint of staff may answer with."""


def parameter(name: str, slot: Literal["query", "header"], description: str, *values: str) -> Parameter:
    """The documentation of a parameter; with the values that it may have."""
    schema = Schema(type=OpenAPIType.STRING, enum=list(values) or None)
    return Parameter(name=name, param_in=slot, schema=schema, description=description, required=False)


def text(description: str, *values: str) -> Schema:
    """The documentation of a text in JSON; with the values that it may have."""
    return Schema(type=OpenAPIType.STRING, description=description, enum=list(values) or None)


TOKEN: Final = parameter("Authorization", "header", "Bearer and the token of a staff member.")
KEY: Final = parameter("Idempotency-Key", "header", "Makes a repeated request find the first one.")
REASON: Final = {
    "reason": Schema(
        type=OpenAPIType.STRING, min_length=1, max_length=REASON_LENGTH, description="Why, for your colleagues."
    )
}
NOTE: Final = {
    "note": Schema(type=OpenAPIType.STRING, min_length=1, max_length=REASON_LENGTH, description="For your colleagues.")
}


def endpoint(
    method: Literal["GET", "POST", "DELETE"],
    path: str,
    handler: Handler,
    *,
    name: str,
    answer: ResponseSpec,
    role: Role | None = Role.VIEWER,
    status: int = HTTPStatus.OK,
    refusals: Kinds = (),
    takes: Sequence[Parameter] = (),
    fields: Mapping[str, Schema] | None = None,
    optional: Sequence[str] = (),
    prefix: str = PREFIX,
    more: Responses | None = None,
) -> HTTPRouteHandler:
    """The route of a handler. `path` begins after the prefix; `fields` are those of its JSON, some of them `optional`.

    The handler asks for the role, here it is documented: None where no token is needed. `more` are further answers that
    are no errors.
    """
    if method == "POST" and fields is None:
        fields = {}  # JSON all the same: a page of another origin cannot send it without asking
    packed: Kinds = (UnsupportedMediaTypeError,) if fields is not None else ()
    unreasoned: Kinds = (ReasonError,) if fields and not {"reason", "note"}.isdisjoint(fields) else ()
    route: HTTPRouteHandler = METHODS[method](
        f"{prefix}{path}",
        status_code=status,
        operation_id=name,
        operation_class=_operation(role, takes, fields, optional),
        opt={PARAMETERS: [taken.name for taken in takes if taken.param_in == "query"]},
        responses={status: answer, **(more or {}), **errors(*STAFF, *packed, *unreasoned, *refusals)},
    )(handler)
    return route


def _operation(
    role: Role | None, takes: Sequence[Parameter], fields: Mapping[str, Schema] | None, optional: Sequence[str]
) -> type[Operation]:
    @dataclass
    class StaffOperation(DocumentedOperation):
        """An operation of staff."""

        def __post_init__(self) -> None:
            self.parameters = [*(self.parameters or []), *((TOKEN,) if role else ()), *takes]
            self.security = [{STAFF_SCHEME: [role.value]}] if role else None
            super().__post_init__()
            if fields is not None:
                self.request_body = _body(fields, optional)

    return StaffOperation


def _body(fields: Mapping[str, Schema], optional: Sequence[str]) -> RequestBody:
    required = [field for field in fields if field not in optional]
    schema = Schema(type=OpenAPIType.OBJECT, properties=dict(fields) or None, required=required or None)
    return RequestBody({"application/json": OpenAPIMediaType(schema=schema)}, required=True)
