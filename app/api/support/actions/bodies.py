"""The body of an action, in camelCase."""

from uuid import UUID

from app.api.http.bodies import Body
from domain.stages import Stage, Status
from workers.upkeep.commands import ActionName


class ActionBody(Body, frozen=True, kw_only=True):
    """What an action led to. `changed` is false if there was nothing left to do; `next` says what will happen."""

    job_id: UUID
    action: ActionName
    changed: bool
    status: Status
    stage: Stage | None
    progress: int
    attempt: int
    version: int
    next: str
