"""The limits: one answer, always the same bytes, on the server that Darkroom is served by; no database, no token.

Its arguments: PORT, and `asgi` for an application of nothing else or `litestar` for a route of the framework's.
"""

import asyncio
import json
import os
import sys
from typing import Any

from litestar import Litestar, Response, get

from app.api.serving.server import serve

HEADERS: dict[str, str] = json.loads(os.environ["HEADERS"])
BODY = os.environ["BODY"].encode()
SENT = [(name.encode(), value.encode()) for name, value in HEADERS.items()]


async def bare(scope: Any, receive: Any, send: Any) -> None:  # noqa: ANN401 - as ASGI has it
    """Answer with the bytes."""
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": f"{(await receive())['type']}.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": SENT})
    await send({"type": "http.response.body", "body": BODY, "more_body": False})


@get("/api/status/{job_id:str}")
async def route(job_id: str) -> Response[bytes]:
    """Answer with the bytes."""
    del job_id  # it is read, as every route's parameter is
    return Response(BODY, headers=HEADERS)


def create_app(_: asyncio.Event) -> Any:  # noqa: ANN401 - either of them
    """The one that was asked for."""
    return bare if sys.argv[2] == "asgi" else Litestar([route], logging_config=None, openapi_config=None)


if __name__ == "__main__":
    serve(create_app, "127.0.0.1", int(sys.argv[1]))
