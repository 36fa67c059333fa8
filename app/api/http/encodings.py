"""The Content-Encoding of a request's body: none is accepted."""

from typing import Any, Final

from litestar import Request

from app.api.http.errors import UnsupportedMediaTypeError

PLAIN: Final = frozenset({"", "identity"})


def refuse_encoding(request: Request[Any, Any, Any]) -> None:
    """Refuse a packed body: unpacked, it could have any size. Raises UnsupportedMediaTypeError."""
    encoding = ", ".join(request.headers.getall("content-encoding", [])).strip().lower()
    if encoding not in PLAIN:
        raise UnsupportedMediaTypeError(
            f"The body has Content-Encoding {encoding[:40]!r}. Send it without a Content-Encoding."
        )
