"""What staff may order for an upload: the name of each action, who may do it, and the event that it appends."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final, Literal, NamedTuple

from domain.errors import NeedsNewPhotoError, NotFailedError, StorageRefusedError, UploadEndedError
from domain.events import Erased, Event, Failed, Noted, Requeued, Retried
from domain.staff import Role
from workers.upkeep.commands import ActionName


class Order(NamedTuple):
    """An action: its role, its event, its status, and its documentation."""

    name: ActionName
    role: Role
    event: type[Event]
    status: HTTPStatus
    summary: str
    done: str
    refusals: Sequence[type[Exception]]
    field: Literal["reason", "note"] = "reason"
    """The words that it takes."""


ORDERS: Final = (
    Order(
        name="retry",
        role=Role.AGENT,
        event=Retried,
        status=HTTPStatus.ACCEPTED,
        summary="Try a failed upload again, from the stage that failed.",
        done="It goes on from the stage that failed.",
        refusals=(NotFailedError, NeedsNewPhotoError),
    ),
    Order(
        name="cancel",
        role=Role.AGENT,
        event=Failed,
        status=HTTPStatus.ACCEPTED,
        summary="End an upload that waits or runs.",
        done="It has ended, or was cancelled before.",
        refusals=(UploadEndedError,),
    ),
    Order(
        name="requeue",
        role=Role.AGENT,
        event=Requeued,
        status=HTTPStatus.ACCEPTED,
        summary="Let the next attempt of an upload begin now, whatever it waits for.",
        done="Its next attempt may begin now.",
        refusals=(UploadEndedError,),
    ),
    Order(
        name="note",
        role=Role.AGENT,
        event=Noted,
        status=HTTPStatus.OK,
        summary="Write a note on an upload, for colleagues: it changes nothing.",
        done="It is written down.",
        refusals=(UploadEndedError,),
        field="note",
    ),
    Order(
        name="erase",
        role=Role.ADMIN,
        event=Erased,
        status=HTTPStatus.OK,
        summary="Delete the photo and the pictures of an upload, for good. One that still runs is cancelled first.",
        done="It is erased, or was before.",
        refusals=(StorageRefusedError,),
    ),
)
