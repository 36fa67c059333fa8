"""The endpoints of the actions on one upload."""

from litestar.handlers import HTTPRouteHandler

from app.api.http.openapi import answers
from app.api.http.services import Services
from app.api.support.actions.actions import Actions
from app.api.support.actions.bodies import ActionBody
from app.api.support.actions.examples import example_of
from app.api.support.actions.orders import ORDERS
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import KEY, NOTE, REASON, endpoint
from domain.errors import IdempotencyConflictError, StaffLimitError, UploadNotFoundError


def action_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room: one for each order."""
    actions = Actions(services, desk)
    return [
        endpoint(
            "POST",
            f"/uploads/{{jobId:str}}/{order.name}",
            actions.handler(order),
            name=f"{order.name}UploadAsStaff",
            answer=answers(ActionBody, order.done, done=example_of(order.name)),
            role=order.role,
            status=order.status,
            refusals=(UploadNotFoundError, IdempotencyConflictError, StaffLimitError, *order.refusals),
            takes=(KEY,),
            fields=NOTE if order.field == "note" else REASON,
        )
        for order in ORDERS
    ]
