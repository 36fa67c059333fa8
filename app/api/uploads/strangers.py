"""Refuses a command on what there is not and on what belongs to another session, in the same way and time.

The commands themselves read the whole history, which takes longer the more there is of it.
"""

from uuid import UUID

from app.signing.sessions import Session
from domain.errors import UploadNotFoundError
from projections.queries.status import IN_LOG_ONLY, StatusReader


async def refuse_strangers(reader: StatusReader, upload_id: UUID, session: Session) -> None:
    """Raise UploadNotFoundError unless the upload may be the session's: the caller still has to compare the two."""
    row = await reader.status(upload_id)
    if row is None or (row is not IN_LOG_ONLY and row.session_hash != session.hash):
        raise UploadNotFoundError
