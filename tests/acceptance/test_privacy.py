"""What a photo tells of its maker, and what opens a job, are found nowhere but where they have to be."""

import io
from pathlib import Path

import psycopg
import pytest
from PIL import Image
from psycopg import sql

from tests.acceptance.clients import Job, Watch
from tests.acceptance.conftest import Connected
from tests.photos.variants import SECRET, with_metadata

FILENAME = "eleanor-in-the-garden"


def files_with(text: str, folder: Path) -> list[str]:
    """The files below a folder that hold a text."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(path.relative_to(folder)) for path in files if text.encode() in path.read_bytes()]


def database_as_text(url: str) -> str:
    """Every row of every table."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert {"event_log", "uploads", "results"} <= {name for (name,) in tables}
        queries = (sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(name)) for (name,) in tables)
        return "\n".join(row for query in queries for (row,) in connection.execute(query).fetchall())


@pytest.fixture(scope="module")
def job(connected: Connected) -> Job:
    """A photo with GPS, EXIF, XMP, IPTC and a comment, under a telling name, that has gone all the way."""
    job = connected.api.submit(with_metadata(), f"{FILENAME}.jpg")
    with Watch(connected.api, job) as watch:
        watch.until_complete()
    return job


def test_metadata_of_the_original_stays_in_the_original(connected: Connected, job: Job) -> None:
    (original,) = files_with(SECRET, connected.service.data)
    assert original.startswith(f"objects/{job.id}/original-")


@pytest.mark.usefixtures("job")
def test_the_image_model_is_sent_no_metadata(connected: Connected) -> None:
    sent = connected.gemini.calls[-1].image
    assert SECRET.encode() not in sent
    assert not Image.open(io.BytesIO(sent)).getexif()


def test_the_preview_carries_no_metadata(connected: Connected, job: Job) -> None:
    preview = connected.api.preview(job)
    assert SECRET.encode() not in preview
    assert not Image.open(io.BytesIO(preview)).getexif()


@pytest.mark.parametrize("secret", ["token", "filename", "key"])
def test_no_token_filename_or_key_is_in_the_log_the_database_or_any_file(
    connected: Connected, job: Job, secret: str
) -> None:
    service = connected.service
    keys = (service.data / "secret-keys").read_text().strip()
    text = {"token": job.token, "filename": FILENAME, "key": keys}[secret]
    assert text not in service.output
    assert text not in database_as_text(service.addresses.database_url)
    assert files_with(text, service.data) == (["secret-keys"] if secret == "key" else [])


@pytest.mark.usefixtures("job")
def test_the_keys_of_other_services_are_in_no_log_and_no_file(connected: Connected) -> None:
    for key in (connected.gemini.key, "phc_acceptance"):
        assert key not in connected.service.output
        assert files_with(key, connected.service.data) == []
