"""A body is read ahead: in order, in few messages, within a bound, to the cut, and to its end after the answer."""

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import pytest

from app.api.serving import cut as cutting
from app.api.serving.cut import Cut, StoppingError
from app.api.serving.read_ahead import AHEAD, FEW, PIECE_BYTES

Receive = Callable[[], Coroutine[Any, Any, Any]]
DISCONNECT = {"type": "http.disconnect"}
HEADERS = ((b"content-length", b"100"),)


def piece(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


class Sender:
    """What granian is to us: it gives a future a call, and answers them in their order."""

    def __init__(self) -> None:
        self.asked: list[asyncio.Future[Any]] = []
        self.answers: list[dict[str, Any]] = []

    def receive(self) -> asyncio.Future[Any]:
        self.asked.append(asyncio.get_running_loop().create_future())
        return self.asked[-1]

    async def answer(self, message: dict[str, Any]) -> None:
        self.answers.append(message)

    def send(self, *messages: dict[str, Any]) -> None:
        waiting = [future for future in self.asked if not future.done()]
        for future, message in zip(waiting, messages, strict=False):
            future.set_result(message)


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for nothing behind the answer."""
    monkeypatch.setattr(cutting, "REST_SECONDS", 0)


def post(
    read: Callable[[Sender, Receive, Cut], Coroutine[Any, Any, None]],
    headers: Sequence[tuple[bytes, bytes]] = HEADERS,
) -> Sender:
    """Let an app read the body of a POST; what it asked of the sender."""

    async def run() -> Sender:
        sender, cut = Sender(), Cut()

        async def app(_scope: Any, receive: Any, _send: Any) -> None:  # noqa: ANN401 - ASGI
            async with asyncio.timeout(30):
                await read(sender, receive, cut)

        served: Any = cut.applied_to(app)
        await served({"type": "http", "method": "POST", "headers": headers}, sender.receive, sender.answer)
        return sender

    return asyncio.run(run())


async def waiting_for(receive: Receive) -> asyncio.Task[Any]:
    """A call that waits for the next message."""
    waiting = asyncio.create_task(receive())
    await asyncio.sleep(0)
    return waiting


async def received(sender: Sender, receive: Receive, *messages: dict[str, Any]) -> Any:  # noqa: ANN401 - ASGI
    """What a call that waits is given when these arrive at once."""
    waiting = await waiting_for(receive)
    sender.send(*messages)
    return await waiting


def test_what_has_arrived_is_handed_over_at_once_and_in_order() -> None:
    async def read(sender: Sender, receive: Receive, _cut: Cut) -> None:
        assert await received(sender, receive, piece(b"a")) == piece(b"a")
        sender.send(piece(b"b"), piece(b"c"))
        assert await receive() == piece(b"bc")
        sender.send(piece(b"d"), piece(b"e"), piece(b"", more=False))
        assert await receive() == piece(b"de", more=False)

    post(read)


def test_no_piece_waits_for_the_next_one() -> None:
    async def read(sender: Sender, receive: Receive, _cut: Cut) -> None:
        for number in range(100):
            waiting = await waiting_for(receive)
            assert not waiting.done()
            sender.send(piece(bytes([number])))
            assert await waiting == piece(bytes([number]))

    post(read)


def test_so_many_pieces_are_asked_for_and_none_before_the_app_asks() -> None:
    async def read(sender: Sender, receive: Receive, _cut: Cut) -> None:
        assert not sender.asked
        for _ in range(10):
            await received(sender, receive, *[piece(b"x")] * AHEAD)
        assert sum(not future.done() for future in sender.asked) == AHEAD

    assert all(future.done() for future in post(read).asked), "the server would wait for a body that is not read"


def test_a_slow_sender_is_asked_for_little_again() -> None:
    async def read(sender: Sender, receive: Receive, _cut: Cut) -> None:
        for arriving in [AHEAD] * 10 + [1] * 100:
            await received(sender, receive, *[piece(b"x")] * arriving)
        assert sum(not future.done() for future in sender.asked) == 2

    post(read)


def test_a_short_body_is_hardly_read_ahead() -> None:
    async def read(sender: Sender, receive: Receive, _cut: Cut) -> None:
        await received(sender, receive, piece(b"{}"))
        sender.send(piece(b"", more=False))
        assert await receive() == piece(b"", more=False)
        assert len(sender.asked) == 3

    post(read)


def test_a_client_that_hangs_up_does_so_behind_what_it_sent() -> None:
    async def read(sender: Sender, receive: Receive, _cut: Cut) -> None:
        for _ in range(2):
            await received(sender, receive, *[piece(b"a")] * 2)
        sender.send(piece(b"b"), piece(b"c"), DISCONNECT)
        assert await receive() == piece(b"bc")
        assert await receive() == DISCONNECT

    post(read)


def test_a_body_that_is_late_at_the_cut_ends_there() -> None:
    async def read(sender: Sender, receive: Receive, cut: Cut) -> None:
        await received(sender, receive, piece(b"a"))
        waiting = await waiting_for(receive)
        cut.make()
        for late in (waiting, receive()):
            with pytest.raises(StoppingError):
                await late

    assert all(future.done() for future in post(read).asked), "the server would wait for what was cut off"


def test_what_has_arrived_before_the_cut_is_read() -> None:
    async def read(sender: Sender, receive: Receive, cut: Cut) -> None:
        await received(sender, receive, piece(b"a"))
        sender.send(piece(b"b"), piece(b"", more=False))
        cut.make()
        assert await receive() == piece(b"b", more=False)

    post(read)


def test_a_reader_that_gives_up_is_not_told_that_the_service_stops() -> None:
    async def read(_sender: Sender, receive: Receive, _cut: Cut) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await receive()

    post(read)


def test_the_rest_of_a_body_is_read_after_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "REST_SECONDS", 30)

    async def refuse(sender: Sender, receive: Receive, _cut: Cut) -> None:
        await received(sender, receive, piece(b"a"))
        asyncio.get_running_loop().call_later(0.01, sender.send, piece(b"b"), piece(b"c", more=False))

    read = [future.result() for future in post(refuse).asked if not future.cancelled()]
    assert [message["more_body"] for message in read] == [True, True, False]


@pytest.mark.parametrize(("size", "is_read"), [(1, False), (PIECE_BYTES, True)])
def test_the_rest_is_not_read_in_tiny_pieces(size: int, *, is_read: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "REST_SECONDS", 30)
    sent = [piece(size * b"a") for _ in range(10 * FEW)]

    async def refuse(sender: Sender, receive: Receive, _cut: Cut) -> None:
        def go_on() -> None:
            if sent:
                asked = sum(not future.done() for future in sender.asked)
                sender.send(*(sent.pop() for _ in range(min(asked, len(sent)))))
                asyncio.get_running_loop().call_soon(go_on)
            else:
                sender.send(piece(b"", more=False))

        waiting = await waiting_for(receive)
        go_on()
        await waiting

    post(refuse)
    assert (sent == []) is is_read


def test_a_client_that_asks_before_it_sends_is_not_asked_to_send_what_was_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(cutting, "REST_SECONDS", 30)

    async def refuse(_sender: Sender, _receive: Receive, _cut: Cut) -> None: ...

    assert post(refuse, [*HEADERS, (b"expect", b"100-continue")]).asked == []


def test_an_app_that_keeps_what_it_was_lent_keeps_nothing_of_the_server() -> None:
    kept: list[Any] = []

    async def app(_scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - ASGI
        kept.extend((receive, send))
        await send({"status": 400})

    async def run() -> weakref.ref[Sender]:
        sender = Sender()
        served: Any = Cut().applied_to(app)
        await served({"type": "http", "method": "POST", "headers": HEADERS}, sender.receive, sender.answer)
        assert sender.answers == [{"status": 400}]
        return weakref.ref(sender)

    async def late() -> None:
        receive, send = kept
        assert await receive() == DISCONNECT
        await send({"status": 200})

    assert asyncio.run(run())() is None
    asyncio.run(late())
