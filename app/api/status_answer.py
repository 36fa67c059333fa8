"""How the state of an upload is told: its body, its ETag and its headers, the same for whoever asks.

The ETag is the version, and what else of the body can change without it: "1-q3-e40-90" is version 1 behind three others
with 40 to 90 seconds left; "1" is version 1 at the head of the queue, of which no more is known.
"""

import re
from typing import Final, NamedTuple

from litestar import Response
from msgspec import UNSET

from app.api.bodies import EtaBody, StatusBody
from domain.failures import HOPELESS
from domain.stages import Status
from projections.forecast import Forecast
from projections.reader import StatusRow

POLL_AFTER_MS: Final = 2500
RETRY_AFTER_SECONDS: Final = 3
"""POLL_AFTER_MS as Retry-After tells it, in whole seconds."""
TAG: Final = re.compile(r'(?:W/)?("([0-9]{1,9})(?:-q[0-9]*)?(?:-e[0-9]+-[0-9]+)?")')


class Tags(NamedTuple):
    """What a client says that it has read: the ETags of ours in its If-None-Match, and the highest version of them."""

    tags: frozenset[str]
    version: int

    @classmethod
    def of(cls, if_none_match: str | None) -> "Tags":
        """Those of the header; what is no ETag of ours does not count."""
        found = TAG.findall(if_none_match or "")
        anything = ["*"] if (if_none_match or "").strip() == "*" else []
        return cls(
            frozenset([*(tag for tag, _ in found), *anything]), max((int(version) for _, version in found), default=0)
        )

    def hold(self, tag: str) -> bool:
        """Whether the client has read this."""
        return not self.tags.isdisjoint({tag, "*"})


def answer(
    row: StatusRow, forecast: Forecast, *, read: Tags | None = None, status_code: int = 200
) -> Response[StatusBody | None]:
    """The state of an upload, or 304 to whoever has read it."""
    headers = _headers(row, forecast)
    if read and read.hold(headers["ETag"]):
        return Response(None, status_code=304, headers=headers)
    return Response(_body(row, forecast), status_code=status_code, headers=headers)


def _is_terminal(row: StatusRow) -> bool:
    return row.status in {Status.COMPLETED, Status.FAILED}


def _headers(row: StatusRow, forecast: Forecast) -> dict[str, str]:
    headers = {"ETag": _tag(row, forecast), "Cache-Control": "private, no-cache"}
    if not _is_terminal(row):
        headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return headers


def _tag(row: StatusRow, forecast: Forecast) -> str:
    queue = eta = ""
    if row.status == Status.PENDING and forecast.queue_position != 0:
        queue = f"-q{'' if forecast.queue_position is None else forecast.queue_position}"
    if forecast.eta:
        eta = f"-e{forecast.eta.p50_seconds}-{forecast.eta.p90_seconds}"
    return f'"{row.version}{queue}{eta}"'


def _body(row: StatusRow, forecast: Forecast) -> StatusBody:
    position, eta = forecast.queue_position, forecast.eta
    return StatusBody(
        job_id=row.upload_id,
        status=row.status,
        stage=row.stage,
        progress=row.progress,
        result_id=row.result_id,
        version=row.version,
        attempt=row.attempt,
        created_at=row.created_at,
        updated_at=row.updated_at,
        is_terminal=_is_terminal(row),
        poll_after_ms=None if _is_terminal(row) else POLL_AFTER_MS,
        queue_position=UNSET if position is None else position,
        eta=EtaBody(p50_seconds=eta.p50_seconds, p90_seconds=eta.p90_seconds) if eta else UNSET,
        error_code=row.error_code or UNSET,
        error_message=row.error_message or UNSET,
        can_retry=row.error_code not in HOPELESS if row.error_code else UNSET,
    )
