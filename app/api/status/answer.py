"""Builds the answer to a status request: body, ETag and headers, the same for a poll, the stream and a command.

The ETag is the version plus the parts of the body that can change without a new version: "1-q3-e40-90" is version 1
with three uploads before it and an ETA of 40 to 90 seconds. "1" is version 1 at the head of the queue, without an ETA.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import UNSET

from app.api.http.replies import Reply, in_json
from app.api.status.bodies import EtaBody, StatusBody
from domain.failures import NEEDS_NEW_PHOTO
from domain.objects import Expiry
from domain.stages import Status
from projections.queries.forecast import Forecast
from projections.queries.status import StatusRow

POLL_AFTER_MS: Final = 2500
RETRY_AFTER: Final = b"3"
"""POLL_AFTER_MS for the Retry-After header, in whole seconds."""
PENDING: Final = Status.PENDING
ENDED: Final = frozenset({Status.COMPLETED, Status.FAILED})
TAG: Final = re.compile(r'(?:W/)?("(([0-9]{1,9})(?:-q[0-9]*)?)(?:-e[0-9]+-[0-9]+)?")')


class Tags(NamedTuple):
    """The ETags of ours in a client's If-None-Match, and their highest version.

    `positions` are the ETags without the ETA: it changes although the upload does not move.
    """

    tags: frozenset[str] = frozenset()
    positions: frozenset[str] = frozenset()
    version: int = 0

    @classmethod
    def of(cls, if_none_match: str | None) -> "Tags":
        """Parse the header. An ETag that is not ours is ignored."""
        if not if_none_match:
            return NO_TAGS
        found = TAG.findall(if_none_match)
        anything = ["*"] if if_none_match.strip() == "*" else []
        return cls(
            frozenset([*(tag for tag, _, _ in found), *anything]),
            frozenset(position for _, position, _ in found),
            max((int(version) for _, _, version in found), default=0),
        )

    @classmethod
    def at(cls, row: StatusRow, forecast: Forecast) -> "Tags":
        """The tags of a client that has read this state."""
        return cls(frozenset([_tag(row, forecast)]), frozenset([position_tag(row, forecast)]), row.version)

    @property
    def anything(self) -> bool:
        """Whether the header is `*`, which matches every state."""
        return "*" in self.tags

    def hold(self, tag: str) -> bool:
        """Whether the client has read the state with this ETag."""
        return tag in self.tags or self.anything


NO_TAGS: Final = Tags()
NO_MORE: Final[Mapping[bytes, bytes]] = {}


def answer(
    row: StatusRow,
    forecast: Forecast,
    *,
    read: Tags = NO_TAGS,
    status_code: int = 200,
    more: Mapping[bytes, bytes] = NO_MORE,
) -> Reply:
    """The state, or 304 for a client that has read it. `more` are further headers, such as the rate limit."""
    tag = _tag(row, forecast)
    headers = {b"etag": tag.encode(), b"cache-control": b"private, no-cache", **more}
    if not is_terminal(row):
        headers[b"retry-after"] = RETRY_AFTER
    if read.hold(tag):
        return Reply(304, headers)
    return in_json(status_code, body_of(row, forecast), headers)


def is_terminal(row: StatusRow) -> bool:
    """Whether the upload has ended. Only a retry can move it again."""
    return row.status in ENDED


def position_tag(row: StatusRow, forecast: Forecast) -> str:
    """The ETag without the ETA: the version and, while the upload is pending, its queue position."""
    if row.status != PENDING or forecast.queue_position == 0:
        return str(row.version)
    return f"{row.version}-q{'' if forecast.queue_position is None else forecast.queue_position}"


def _tag(row: StatusRow, forecast: Forecast) -> str:
    eta = f"-e{forecast.eta.p50_seconds}-{forecast.eta.p90_seconds}" if forecast.eta else ""
    return f'"{position_tag(row, forecast)}{eta}"'


def body_of(row: StatusRow, forecast: Forecast) -> StatusBody:
    """The body of the state, as the HTTP contract names its members."""
    position, eta, has_ended = forecast.queue_position, forecast.eta, is_terminal(row)
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
        is_terminal=has_ended,
        poll_after_ms=None if has_ended else POLL_AFTER_MS,
        queue_position=UNSET if position is None else position,
        eta=EtaBody(p50_seconds=eta.p50_seconds, p90_seconds=eta.p90_seconds) if eta else UNSET,
        waiting_for=row.waiting_for or UNSET,
        error_code=row.error_code or UNSET,
        error_message=row.error_message or UNSET,
        can_retry=row.error_code not in NEEDS_NEW_PHOTO and not row.expired if row.error_code else UNSET,
        expired=True if row.expired == Expiry.EVERYTHING else UNSET,
    )
