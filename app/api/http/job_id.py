"""Parses the job id of a path into an upload's id."""

from typing import Annotated
from uuid import UUID

import msgspec
from litestar.params import PathParameter

from domain.errors import UploadNotFoundError

JobId = Annotated[str, PathParameter(name="jobId")]


def upload_id_of(job_id: str) -> UUID:
    """The upload's id. Raises UploadNotFoundError for what is none."""
    try:
        return msgspec.convert(job_id, UUID)  # three times as fast as UUID's own reading
    except (ValueError, msgspec.ValidationError):
        raise UploadNotFoundError from None
