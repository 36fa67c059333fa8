"""Examples of what an action is answered, for the OpenAPI document."""

from app.api.http.openapi import JOB_ID
from app.api.support.actions.bodies import ActionBody
from app.api.support.actions.outlook import next_after
from domain.stages import Stage, Status
from domain.upload import Upload
from workers.upkeep.commands import ActionName

ENDINGS = ("cancel", "erase")
"""Actions after which an upload has failed."""


def example_of(name: ActionName) -> ActionBody:
    """What an action is answered."""
    upload = Upload(
        id=JOB_ID,
        version=10,
        session_hash="",
        correlation_id="",
        original_sha256="",
        original_size=0,
        prompt_version=1,
        reached=Stage.GENERATING,
        progress=30,
        attempt=3,
    )
    ended = name in ENDINGS
    return ActionBody(
        job_id=JOB_ID,
        action=name,
        changed=True,
        status=Status.FAILED if ended else Status.PROCESSING,
        stage=Stage.FAILED if ended else Stage.GENERATING,
        progress=30,
        attempt=3,
        version=10,
        next=next_after(name, upload, changed=True),
    )
