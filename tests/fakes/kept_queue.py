"""The queue of tests that start runs by hand."""

from uuid import UUID


class KeptQueue:
    """A RunQueue that keeps what is sent."""

    def __init__(self) -> None:
        self.upload_ids: list[UUID] = []

    def send(self, upload_id: UUID) -> None:
        """Keep the upload."""
        self.upload_ids.append(upload_id)
