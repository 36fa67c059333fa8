"""The ways in which a storage can fail a request, for a test to choose from: functions that give a Fault."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.s3 import Fault, Handler, Request


def status(code: int, name: str) -> "Fault":
    """An error of S3; nothing is done."""
    return lambda handler, request: handler.refuse(request, code, name)


def half() -> "Fault":
    """Half of what is sent is stored, and answered 200; what is asked for breaks off in the middle."""

    def answer(handler: "Handler", request: "Request") -> None:
        objects = handler.s3.objects
        if request.method == "PUT":
            objects[request.key] = request.sent[: len(request.sent) // 2]
            handler.send(request, 200)
        else:
            whole = objects[request.key]
            handler.send(request, 200, whole[: len(whole) // 2], length=len(whole))

    return answer


def answer_lost() -> "Fault":
    """What is asked for is done, and the connection is cut off before the answer."""

    def answer(handler: "Handler", request: "Request") -> None:
        if request.method == "PUT":
            handler.s3.objects[request.key] = request.sent
        handler.reset()

    return answer


def hang() -> "Fault":
    """Nothing is done and nothing said, for as long as the caller waits."""
    return lambda handler, _: handler.hold()
