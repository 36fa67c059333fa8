"""The endpoints of pictures."""

from datetime import timedelta
from typing import Final

from litestar.handlers import HTTPRouteHandler
from litestar.openapi import ResponseSpec

from app.api.http.errors import LinkOverError
from app.api.http.openapi import JOB_ID, MOVED_AT, answers
from app.api.http.services import Services
from app.api.support.pictures.bodies import PictureBody, PicturesBody
from app.api.support.pictures.pictures import PATH, Pictures
from app.api.support.requests.desk import Desk
from app.api.support.requests.operations import REASON, endpoint
from domain.errors import BlobNotFoundError, StorageRefusedError, UploadNotFoundError
from domain.staff import Role

LINK: Final = PictureBody(url=f"{PATH}eyJrZXki...", until=MOVED_AT + timedelta(seconds=60))
LINKS: Final = PicturesBody(job_id=JOB_ID, original=LINK, result=LINK, preview=None)


def picture_routes(services: Services, desk: Desk) -> list[HTTPRouteHandler]:
    """The handlers of this room."""
    pictures = Pictures(services, desk)
    return [
        endpoint(
            "POST",
            "/uploads/{jobId:str}/pictures",
            pictures.links,
            name="getPictureLinks",
            answer=answers(PicturesBody, "Links that work for a minute.", links=LINKS),
            role=Role.AGENT,
            refusals=(UploadNotFoundError,),
            fields=REASON,
        ),
        endpoint(
            "GET",
            "/pictures/{signed:str}",
            pictures.picture,
            name="getPicture",
            answer=ResponseSpec(bytes, generate_examples=False, description="The picture.", media_type="image/jpeg"),
            role=Role.AGENT,
            refusals=(LinkOverError, BlobNotFoundError, StorageRefusedError),
        ),
    ]
