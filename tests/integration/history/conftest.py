"""A database with the known history, and a connection that may do what an analyst may."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.integration.history.known import fill


@pytest.fixture
def known_url(database_url: str) -> str:
    """A database that holds the known history."""
    fill(database_url)
    return database_url


@pytest.fixture
def analyst(known_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection in the role of the analysts."""
    with psycopg.connect(known_url, autocommit=True) as connection:
        connection.execute("SET ROLE darkroom_analyst")
        yield connection
