"""The bodies of POST /api/uploads and DELETE /api/uploads/{jobId}."""

from typing import Literal
from uuid import UUID

from app.api.http.bodies import Body
from domain.stages import Status


class SubmissionBody(Body, frozen=True, kw_only=True):
    """A photo was taken in."""

    job_id: UUID
    session_token: str
    status: Status
    status_url: str


class ErasureBody(Body, frozen=True, kw_only=True):
    """An upload is erased: its photo and its pictures are deleted."""

    job_id: UUID
    erased: Literal[True] = True
