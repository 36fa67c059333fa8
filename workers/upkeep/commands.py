"""What staff do to an upload, one by one or many: each is a command of the aggregate, by its name."""

from collections.abc import Callable, Mapping
from typing import Final, Literal
from uuid import UUID

from domain.errors import RefusedError
from domain.events import Event
from domain.ports import BlobStore
from domain.staff import StaffRequest
from domain.upload import Upload
from domain.uploads import Uploads
from projections.log.pools import Pool, connected
from workers.upkeep.erasure import erase

ActionName = Literal["retry", "cancel", "requeue", "note", "erase"]

COMMANDS: Final[Mapping[ActionName, Callable[..., Event | None]]] = {
    "retry": Upload.retry,
    "cancel": Upload.cancel,
    "requeue": Upload.requeue,
    "note": Upload.note,
}
"""Those of the aggregate; an erasure deletes objects too."""

SELECT_WORKER: Final = "SELECT worker FROM live_leases WHERE upload_id = %s"


class StaffCommands:
    """Runs the commands. Each raises RefusedError, UploadNotFoundError, UnavailableError."""

    def __init__(self, uploads: Uploads, blobs: BlobStore, pool: Pool) -> None:
        self._uploads = uploads
        self._blobs = blobs
        self._pool = pool

    def run(self, action: ActionName, upload_id: UUID, *, by: str, request: StaffRequest) -> None:
        """Run one command."""
        if action == "erase":
            erase(self._uploads, self._blobs, upload_id, by=by, request=request)
            return
        if action == "requeue":
            self._refuse_if_held(upload_id)
        self._uploads.execute(upload_id, COMMANDS[action], by=by, request=request)

    def _refuse_if_held(self, upload_id: UUID) -> None:
        with connected(self._pool) as connection:
            held = connection.execute(SELECT_WORKER, (upload_id,)).fetchone()
        if held:
            raise RefusedError(
                f"The worker {held[0]} runs this upload now, so there is nothing to re-enqueue. Look at its timeline; "
                "cancel it if it has to stop."
            )
