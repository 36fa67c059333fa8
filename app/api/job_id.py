"""The job id of a path: an upload's id, or nothing that anybody could find."""

from typing import Annotated
from uuid import UUID

from litestar.params import PathParameter

from domain.errors import UploadNotFoundError

JobId = Annotated[str, PathParameter(name="jobId")]


def upload_id_of(job_id: str) -> UUID:
    """The upload's id. Raises UploadNotFoundError for what is none."""
    try:
        return UUID(job_id)
    except ValueError:
        raise UploadNotFoundError from None
