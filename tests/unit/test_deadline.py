"""An answer is bounded in size and in time, however slowly or plentifully it comes."""

from collections.abc import Iterator

import httpx2
import pytest

from workers.vision.deadline import DeadlineTransport

HOUSEFUL = 1000


def client(body: Iterator[bytes], timeout_s: float, headers: dict[str, str] | None = None) -> httpx2.Client:
    server = httpx2.MockTransport(lambda _: httpx2.Response(200, content=body, headers=headers))
    return httpx2.Client(transport=DeadlineTransport(server, timeout_s=timeout_s, max_bytes=HOUSEFUL))


def chunks(number: int) -> Iterator[bytes]:
    return (bytes(100) for _ in range(number))


def test_an_answer_at_the_limit_is_read() -> None:
    with client(chunks(10), timeout_s=10) as http:
        assert len(http.get("http://model/").content) == HOUSEFUL


def test_an_answer_over_the_limit_is_cut_off() -> None:
    with client(chunks(11), timeout_s=10) as http, pytest.raises(httpx2.ReadError, match="too large"):
        http.get("http://model/")


def test_an_answer_after_the_deadline_is_cut_off() -> None:
    with client(chunks(1), timeout_s=0) as http, pytest.raises(httpx2.ReadTimeout, match="too long"):
        http.get("http://model/")


def test_a_compressed_answer_is_not_asked_for_and_not_opened() -> None:
    compressed = {"Content-Encoding": "gzip"}
    with client(chunks(1), 10, compressed) as http, pytest.raises(httpx2.ReadError, match="compressed"):
        http.get("http://model/")
    with client(chunks(1), 10) as http:
        assert http.get("http://model/").request.headers["Accept-Encoding"] == "identity"
