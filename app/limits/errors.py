"""The refusals of the limits; each says how long to wait.

TooManyRequestsError       more than a quota
└── TooManyStreamsError    more streams at once than a client may have
"""

from math import ceil
from types import MappingProxyType

from app.limits.policies import Fields, Standing, fields_of
from domain.errors import DarkroomError


class TooManyRequestsError(DarkroomError):
    """Too many requests of this kind came from here. Please wait a moment."""

    retry_after = 5
    fields: Fields = MappingProxyType({})

    @classmethod
    def of(cls, what: str, standing: Standing) -> "TooManyRequestsError":
        """The refusal of a request by a policy."""
        seconds = max(1, ceil(standing.reset))
        error = cls(
            f"More than {standing.policy.quota} {what} in {standing.policy.seconds} s came from here."
            f" Please try again in {seconds} s."
        )
        error.retry_after = seconds
        error.fields = fields_of([standing])
        return error


class TooManyStreamsError(TooManyRequestsError):
    """This session or this address follows too many uploads at once. Please close a stream, or poll instead."""
