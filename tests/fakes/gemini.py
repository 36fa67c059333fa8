"""A server that speaks Gemini's REST protocol, with a ledger of every call and an answer that a test may choose.

    with FakeGemini() as gemini:
        gemini.answer_with(status(503), picture())   # the first call fails; the second and all later ones succeed
        ...                                          # settings: base URL gemini.url, key gemini.key
        gemini.wait_for_calls(2)

By hand: `python -m tests.fakes.gemini --port 8899`. The replies are in `gemini_replies.py`.
"""

import argparse
import base64
import hashlib
import json
import re
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Final

from tests.fakes.gemini_replies import Reply, picture
from tests.fakes.server import LONGEST_WAIT, FakeHandler, FakeServer

_PATH: Final = re.compile(r"/v1(?:beta)?/models/([\w.-]+):generateContent")


@dataclass(frozen=True)
class Call:
    """One line of the ledger: a well-formed call with the right key, however it was answered."""

    at: float
    """Seconds of the monotonic clock."""
    model: str
    prompt: str
    image: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """The digest of the photo that was sent, in hexadecimal."""
        return hashlib.sha256(self.image).hexdigest()


class FakeGemini(FakeServer):
    """The server; it listens while it is entered."""

    def __init__(self, key: str = "fake-gemini-key", port: int = 0) -> None:
        super().__init__(Handler, port)
        self.key = key
        self.calls: list[Call] = []
        self._replies: deque[Reply] = deque()
        self._otherwise = picture()
        self._changed = threading.Condition()

    def answer_with(self, *replies: Reply) -> None:
        """Answer the next calls so, one after the other, and the ones after them as usual."""
        with self._changed:
            self._replies.extend(replies)

    def forget_answers(self) -> None:
        """Answer as usual from now on, whatever was asked for."""
        with self._changed:
            self._replies.clear()

    def always_answer_with(self, reply: Reply) -> None:
        """Answer so from now on, when nothing else was asked for; at first it is `picture()`."""
        with self._changed:
            self._otherwise = reply

    def wait_for_calls(self, number: int, timeout: float = 60) -> None:
        """Return when that many calls came in. Raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.calls) >= number, timeout):
                raise TimeoutError(f"{len(self.calls)} of {number} calls came in {timeout} s")

    def enter(self, call: Call) -> Reply:
        """Write the call into the ledger and choose its answer."""
        with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
            return self._replies.popleft() if self._replies else self._otherwise


class Handler(FakeHandler):
    """One connection; the replies use its methods."""

    @property
    def gemini(self) -> FakeGemini:
        """Whose connection it is."""
        assert isinstance(self.server.fake, FakeGemini)
        return self.server.fake

    def send_answer(self, parts: list[dict[str, Any]] | None, finish: str = "STOP") -> None:
        """One candidate."""
        content = {} if parts is None else {"content": {"role": "model", "parts": parts}}
        self.send_json(200, {"candidates": [{**content, "finishReason": finish, "index": 0}]})

    def send_json(self, code: int, value: object, headers: dict[str, str] | None = None) -> None:
        """A JSON body."""
        self.send_body(code, json.dumps(value).encode(), "application/json; charset=UTF-8", headers)

    def send_body(self, code: int, content: bytes, media_type: str, headers: dict[str, str] | None = None) -> None:
        """Any body."""
        self.send_response(code)
        for name, value in {**(headers or {}), "Content-Type": media_type, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def trickle(self, every: float, beginning: bytes, again: bytes) -> None:
        """Send the beginning of an answer at once, and then the same again and again."""
        self.wfile.write(beginning)
        until = time.monotonic() + LONGEST_WAIT
        while not self.gemini.closing.wait(every) and time.monotonic() < until:
            self.wfile.write(again)

    def _answer(self) -> None:
        """One call."""
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        path = _PATH.fullmatch(self.path)
        if path is None:
            self._turn_away(404, f"no such path: {self.path}")
        elif self.headers.get("x-goog-api-key") != self.gemini.key:
            self._turn_away(400, "API key not valid. Please pass a valid API key.")
        elif (call := _call(path[1], sent)) is None:
            self._turn_away(400, "expected one inline JPEG and one text")
        else:
            self.gemini.enter(call)(self, call)

    def _turn_away(self, code: int, message: str) -> None:
        self.gemini.turned_away.append(message)
        self.send_json(code, {"error": {"code": code, "message": message, "status": "INVALID_ARGUMENT"}})

    do_POST = _answer  # noqa: N815 - the name that the base class looks up


def _call(model: str, sent: bytes) -> Call | None:
    try:
        parts = json.loads(sent)["contents"][0]["parts"]
        (image,) = [part["inlineData"] for part in parts if "inlineData" in part]
        (prompt,) = [part["text"] for part in parts if "text" in part]
        # Google reads both spellings, and its SDK writes both.
        media_type = image.get("mimeType") or image["mime_type"]
        photo = base64.b64decode(image["data"].replace("-", "+").replace("_", "/"), validate=True)
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return Call(time.monotonic(), model, prompt, photo) if media_type == "image/jpeg" else None


def main() -> None:
    """Serve until interrupted."""
    arguments = argparse.ArgumentParser(description="A server that speaks Gemini's protocol.")
    arguments.add_argument("--port", type=int, default=0)
    with FakeGemini(port=arguments.parse_args().port) as gemini:
        print(f"GEMINI_BASE_URL={gemini.url} GEMINI_API_KEY={gemini.key}", flush=True)  # noqa: T201 - said to a person
        gemini.closing.wait()


if __name__ == "__main__":
    main()
