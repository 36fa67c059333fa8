"""The usual choice in Python: FastAPI, SQLAlchemy's async session on asyncpg, as their documentations write it.

Served by uvicorn with uvloop and httptools, which is how FastAPI's own documentation installs it.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.signing.sessions import Sessions

engine = create_async_engine(os.environ["SQLALCHEMY_URL"], pool_size=10)
make_session = async_sessionmaker(engine, expire_on_commit=False)
sessions = Sessions([os.environ["SECRET_KEYS"]])
app = FastAPI()


class Base(DeclarativeBase):
    """The declarative base."""


class Upload(Base):
    """A row of `uploads`."""

    __tablename__ = "uploads"

    upload_id: Mapped[UUID] = mapped_column(primary_key=True)
    session_hash: Mapped[str]
    status: Mapped[str]
    stage: Mapped[str | None]
    progress: Mapped[int]
    result_id: Mapped[UUID | None]
    version: Mapped[int]
    attempt: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Status(BaseModel):
    """The body of the contract."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, from_attributes=True)

    success: bool = True
    job_id: UUID
    status: str
    stage: str | None
    progress: int
    result_id: UUID | None
    version: int
    attempt: int
    created_at: datetime
    updated_at: datetime
    is_terminal: bool
    poll_after_ms: int | None


async def open_session() -> AsyncIterator[AsyncSession]:
    """A session a request."""
    async with make_session() as session:
        yield session


@app.get("/api/status/{job_id}")
async def status(
    job_id: UUID,
    response: Response,
    session: Annotated[AsyncSession, Depends(open_session)],
    x_session_token: Annotated[str, Header()],
) -> Status:
    """Where an upload is."""
    owner = sessions.owner(x_session_token.encode())
    if owner is None:
        raise HTTPException(status_code=401)
    upload = (await session.execute(select(Upload).where(Upload.upload_id == job_id))).scalar_one_or_none()
    if upload is None or upload.session_hash != owner:
        raise HTTPException(status_code=404)
    ended = upload.status in {"completed", "failed"}
    response.headers["ETag"] = f'"{upload.version}"'
    response.headers["Cache-Control"] = "private, no-cache"
    return Status(
        job_id=upload.upload_id,
        status=upload.status,
        stage=upload.stage,
        progress=upload.progress,
        result_id=upload.result_id,
        version=upload.version,
        attempt=upload.attempt,
        created_at=upload.created_at,
        updated_at=upload.updated_at,
        is_terminal=ended,
        poll_after_ms=None if ended else 2500,
    )
