"""How the state of an upload is told: its body, its ETag and its headers, the same for whoever asks.

The ETag is the version, and what else of the body can change without it: "1-q3-e40-90" is version 1 behind three others
with 40 to 90 seconds left; "1" is version 1 at the head of the queue, of which no more is known.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from msgspec import UNSET

from app.api.http.replies import Reply, in_json
from app.api.status.bodies import EtaBody, StatusBody
from domain.failures import HOPELESS
from domain.stages import Status
from projections.queries.forecast import Forecast
from projections.queries.status import StatusRow

POLL_AFTER_MS: Final = 2500
RETRY_AFTER: Final = b"3"
"""POLL_AFTER_MS as the header tells it, in whole seconds."""
ENDED: Final = frozenset({Status.COMPLETED, Status.FAILED})
TAG: Final = re.compile(r'(?:W/)?("(([0-9]{1,9})(?:-q[0-9]*)?)(?:-e[0-9]+-[0-9]+)?")')


class Tags(NamedTuple):
    """What a client says that it has read: the ETags of ours in its If-None-Match, and the highest version of them.

    Its places are the ETags without the time that is left, which changes although the upload does not move.
    """

    tags: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()
    version: int = 0

    @classmethod
    def of(cls, if_none_match: str | None) -> "Tags":
        """Those of the header; what is no ETag of ours does not count."""
        if not if_none_match:
            return NO_TAGS
        found = TAG.findall(if_none_match)
        anything = ["*"] if if_none_match.strip() == "*" else []
        return cls(
            frozenset([*(tag for tag, _, _ in found), *anything]),
            frozenset(place for _, place, _ in found),
            max((int(version) for _, _, version in found), default=0),
        )

    @classmethod
    def at(cls, row: StatusRow, forecast: Forecast) -> "Tags":
        """What a client has read that was told this."""
        return cls(frozenset([_tag(row, forecast)]), frozenset([place_of(row, forecast)]), row.version)

    @property
    def anything(self) -> bool:
        """Whether the client says that it has read whatever there is."""
        return "*" in self.tags

    def hold(self, tag: str) -> bool:
        """Whether the client has read this."""
        return tag in self.tags or self.anything


NO_TAGS: Final = Tags()
NOTHING_APPLIED: Final[Mapping[bytes, bytes]] = {}


def answer(
    row: StatusRow,
    forecast: Forecast,
    *,
    read: Tags = NO_TAGS,
    status_code: int = 200,
    applied: Mapping[bytes, bytes] = NOTHING_APPLIED,
) -> Reply:
    """The state of an upload, or 304 to whoever has read it; with what tells the preference that was applied."""
    tag = _tag(row, forecast)
    headers = {b"etag": tag.encode(), b"cache-control": b"private, no-cache", **applied}
    if not is_terminal(row):
        headers[b"retry-after"] = RETRY_AFTER
    if read.hold(tag):
        return Reply(304, headers)
    return in_json(status_code, body_of(row, forecast), headers)


def is_terminal(row: StatusRow) -> bool:
    """Whether it has ended; only a retry could move it on."""
    return row.status in ENDED


def place_of(row: StatusRow, forecast: Forecast) -> str:
    """Where the upload is: its version, and its place in the queue while it is pending."""
    if row.status != Status.PENDING or forecast.queue_position == 0:
        return str(row.version)
    return f"{row.version}-q{'' if forecast.queue_position is None else forecast.queue_position}"


def _tag(row: StatusRow, forecast: Forecast) -> str:
    eta = f"-e{forecast.eta.p50_seconds}-{forecast.eta.p90_seconds}" if forecast.eta else ""
    return f'"{place_of(row, forecast)}{eta}"'


def body_of(row: StatusRow, forecast: Forecast) -> StatusBody:
    """The state as the contract tells it."""
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
        is_terminal=is_terminal(row),
        poll_after_ms=None if is_terminal(row) else POLL_AFTER_MS,
        queue_position=UNSET if position is None else position,
        eta=EtaBody(p50_seconds=eta.p50_seconds, p90_seconds=eta.p90_seconds) if eta else UNSET,
        waiting_for=row.waiting_for or UNSET,
        error_code=row.error_code or UNSET,
        error_message=row.error_message or UNSET,
        can_retry=row.error_code not in HOPELESS if row.error_code else UNSET,
    )
