"""What the verification finds in the uploads of a test."""

from datetime import timedelta
from uuid import UUID

from projections.audit.evidence import Violation
from projections.audit.verification import Verification
from tests.lives import Lives

LONG = timedelta(minutes=5)


SHORT = timedelta(seconds=60)


def violations(lives: Lives) -> list[Violation]:
    return list(Verification(lives.pool, lives.store).violations())


def only(lives: Lives, upload_id: UUID) -> tuple[int, str]:
    """The one violation there is: its invariant and its sentence."""
    (violation,) = violations(lives)
    assert violation.upload_id == upload_id
    return violation.invariant, violation.sentence


def hold(lives: Lives, upload_id: UUID) -> None:
    lives.execute("INSERT INTO leases VALUES (%s, 'w', clock_timestamp() + interval '10 s')", upload_id)
