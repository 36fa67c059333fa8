"""The job that staff name in a path. Unlike a session, staff are told whether there is one."""

from uuid import UUID

from app.api.http.job_id import upload_id_of
from domain.errors import UploadNotFoundError


def upload_of(job_id: str) -> UUID:
    """The upload's id. Raises UploadNotFoundError for what is none."""
    try:
        return upload_id_of(job_id)
    except UploadNotFoundError:
        raise UploadNotFoundError(
            f"{job_id[:60]!r} is no id of a job. Search for it by its beginning: /api/support/uploads?jobId=..."
        ) from None
