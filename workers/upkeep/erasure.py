"""Erases an upload: deletes its objects and rows. Its events stay; they hold nothing personal. No session finds it.

Safe to repeat: what a crash left over goes the next time, and `darkroom verify` tells of it. What a run that is under
way still stores is taken away by that run (workers/runs/pipeline.py).
"""

from uuid import UUID

from domain.ports import BlobStore
from domain.staff import UNASKED, StaffRequest
from domain.uploads import Uploads
from workers.runs.keeping import take_away


def erase(uploads: Uploads, blobs: BlobStore, upload_id: UUID, *, by: str, request: StaffRequest = UNASKED) -> int:
    """Erase it; how many objects that were. Raises UploadNotFoundError, UnavailableError, StorageRefusedError."""
    uploads.erase(upload_id, by=by, request=request)
    return take_away(blobs, upload_id)
