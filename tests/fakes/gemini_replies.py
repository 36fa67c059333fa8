"""The ways in which Gemini can answer a call, for a test to choose from. Each one is a function that gives a Reply."""

import base64
import io
from collections.abc import Callable
from threading import Event
from typing import TYPE_CHECKING, Any, Final

from PIL import Image, ImageOps

if TYPE_CHECKING:
    from tests.fakes.gemini import Call, Handler

Reply = Callable[["Handler", "Call"], None]
"""How a call is answered."""

LONGEST_WAIT: Final = 60.0
"""In seconds, for a word that never comes."""


def picture() -> Reply:
    """A PNG made of the photo that was sent, so that every photo gets another one."""
    return lambda handler, call: handler.send_answer([_inline(_negative(call.image))])


def pictures(*files: bytes, thoughts: int = 0, media_type: str = "image/png") -> Reply:
    """These files as pictures of one answer, the first few of them marked as thoughts."""
    parts = [
        _inline(file, media_type) | ({"thought": True} if number < thoughts else {})
        for number, file in enumerate(files)
    ]
    return lambda handler, _: handler.send_answer(parts)


def not_an_image() -> Reply:
    """Something that says it is a PNG."""
    return pictures(b"this is no picture")


def after(seconds: float, reply: Reply) -> Reply:
    """The reply, but later."""

    def answer(handler: "Handler", call: "Call") -> None:
        handler.gemini.closing.wait(seconds)
        reply(handler, call)

    return answer


def when(told: Event, reply: Reply) -> Reply:
    """The reply, but not before the test that asks for it says so."""

    def answer(handler: "Handler", call: "Call") -> None:
        told.wait(LONGEST_WAIT)
        reply(handler, call)

    return answer


def status(code: int, *, retry_after: str | None = None, retry_delay: str | None = None, message: str = "no") -> Reply:
    """An error of the API; a wait is asked for in the header, or in the body as `google.rpc.RetryInfo`."""
    details = [{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": retry_delay}] if retry_delay else []
    error = {"error": {"code": code, "message": message, "status": "FAKE", "details": details}}
    headers = {"Retry-After": retry_after} if retry_after else {}
    return lambda handler, _: handler.send_json(code, error, headers)


def body(content: bytes, media_type: str = "application/json", code: int = 200) -> Reply:
    """Anything at all."""
    return lambda handler, _: handler.send_body(code, content, media_type)


def html() -> Reply:
    """A page of some proxy, with status 200."""
    return body(b"<html><body>Sign in to the network</body></html>", "text/html")


def empty() -> Reply:
    """A 200 with nothing in it."""
    return body(b"")


def no_candidates() -> Reply:
    """An answer with no candidate and no reason."""
    return lambda handler, _: handler.send_json(200, {"usageMetadata": {"promptTokenCount": 1}, "modelVersion": "fake"})


def hang() -> Reply:
    """Nothing, for as long as the caller waits."""
    return lambda handler, _: handler.hold()


def trickle(every: float) -> Reply:
    """The head of an answer, and then a byte now and then."""
    return lambda handler, _: handler.trickle(every, b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" ")


def header_trickle(every: float) -> Reply:
    """A header that never ends, a byte now and then."""
    return lambda handler, _: handler.trickle(every, b"HTTP/1.1 200 OK\r\nX-Long: ", b"a")


def early_hints(every: float) -> Reply:
    """One interim answer after the other."""
    return lambda handler, _: handler.trickle(every, b"", b"HTTP/1.1 103 Early Hints\r\n\r\n")


def reset() -> Reply:
    """A connection that is cut off."""
    return lambda handler, _: handler.reset()


def prompt_blocked(reason: str = "SAFETY") -> Reply:
    """A refusal of what was sent: no candidates at all."""
    return lambda handler, _: handler.send_json(200, {"promptFeedback": {"blockReason": reason}})


def finished(reason: str = "IMAGE_SAFETY") -> Reply:
    """A refusal of what was made: a candidate without parts."""
    return lambda handler, _: handler.send_answer(None, reason)


def text_only(text: str = "I would rather talk about it.") -> Reply:
    """Words in place of a picture."""
    return lambda handler, _: handler.send_answer([{"text": text}])


def _inline(data: bytes, media_type: str = "image/png") -> dict[str, Any]:
    return {"inlineData": {"mimeType": media_type, "data": base64.b64encode(data).decode()}}


def _negative(photo: bytes) -> bytes:
    stream = io.BytesIO()
    ImageOps.invert(Image.open(io.BytesIO(photo)).convert("RGB")).save(stream, "PNG", compress_level=1)
    return stream.getvalue()
