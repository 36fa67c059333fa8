"""GET /api/support/audit: who did what, when, to what, and why. A look at it is a row of it."""

from collections.abc import Callable
from functools import partial
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response

from app.api.http.correlation import correlation_id
from app.api.support.people.bodies import AuditBody, DeedBody
from app.api.support.requests.cursors import cursor, cursor_of
from app.api.support.requests.desk import Desk
from app.api.support.requests.jobs import upload_of
from app.api.support.requests.parameters import demand_order, mistake, moment_of, parsed, whole
from domain.staff import NAME, NAME_RULE, actor_of
from projections.staff.audit_log import Action, Deed, DeedPageEnd, DeedSearch, Entry

PAGE: Final = 50
MOST: Final = 200


class Audit:
    """Shows what staff did."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def audit(self, request: Request[Any, Any, Any]) -> Response[AuditBody]:
        """Look at what staff did and looked at, the newest first."""
        member = await self._desk.member(request)
        given = parsed(request.query_params.dict(), PARSERS)
        texts = {name: texts[0].strip() for name, texts in request.query_params.dict().items() if name in given}
        demand_order(given, texts, "since", "until")
        look = Entry(
            actor=member.actor,
            action=Action.LOOKED,
            facts={"what": "audit", **texts},
            request_id=correlation_id(request.scope),
        )
        search = DeedSearch(
            since=given.get("since"), until=given.get("until"), actor=given.get("by"), upload_id=given.get("jobId")
        )
        return await self._desk.answer(partial(self._page, search, given.get("cursor"), given.get("limit", PAGE), look))

    def _page(self, search: DeedSearch, after: DeedPageEnd | None, limit: int, look: Entry) -> AuditBody:
        deeds = self._desk.audit_log.latest(search, after, limit + 1)
        self._desk.audit_log.record(look)
        page = deeds[:limit]
        return AuditBody(
            deeds=[_body(deed) for deed, _ in page],
            next_cursor=cursor_of(page[-1][1]) if len(deeds) > limit else None,
        )


def _body(deed: Deed) -> DeedBody:
    return DeedBody(
        number=deed.number,
        at=deed.recorded_at,
        actor=deed.actor,
        action=deed.action.removeprefix("upload."),
        job_id=deed.upload_id,
        subject=deed.subject,
        reason=deed.reason,
        request_id=deed.request_id,
        facts=deed.facts,
    )


def _actor(name: str, text: str) -> str:
    if ":" in text:
        return text
    if not NAME.fullmatch(text):
        raise mistake(name, text, f"the name of a staff member ({NAME_RULE}), or an actor such as operator:root")
    return actor_of(text)


def _job(_: str, text: str) -> UUID:
    return upload_of(text)


PARSERS: Final[dict[str, Callable[[str, str], Any]]] = {
    "since": moment_of,
    "until": moment_of,
    "by": _actor,
    "jobId": _job,
    "cursor": cursor(DeedPageEnd),
    "limit": whole(1, MOST),
}
