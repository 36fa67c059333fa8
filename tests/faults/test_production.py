"""The service as it runs on many machines, its objects in a bucket of a real S3 server."""

import json
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import Any

import httpx
import pytest
from PIL import Image

from app.storage.s3 import s3_client
from tests.acceptance.clients import Job, Watch
from tests.acceptance.fleet import Fleet
from tests.fakes.gemini_replies import hang
from tests.photos.variants import NAMES, photo
from tests.s3_server import BUCKET, S3Server, running_s3_server


@pytest.fixture(scope="module")
def s3() -> Iterator[S3Server]:
    with running_s3_server() as s3:
        yield s3


@pytest.fixture(scope="module")
def fleet(s3: S3Server) -> Iterator[Fleet]:
    with Fleet(**s3.environ) as fleet:
        yield fleet


def timeline(fleet: Fleet, job: Job) -> list[dict[str, Any]]:
    """The job's events: names and facts."""
    events: list[dict[str, Any]] = json.loads(fleet.run("timeline", job.id, "--json"))
    return [{"name": event["name"], **event["facts"]} for event in events]


def worker_of(fleet: Fleet, job: Job) -> str:
    """Who runs the job at last; its name holds its process id."""
    starts = [event for event in timeline(fleet, job) if event["name"] == "upload.attempt-started"]
    return str(starts[-1]["actor"])


def test_ten_photos_complete_while_a_worker_is_stopped_which_hands_over_what_it_cannot_finish(fleet: Fleet) -> None:
    fleet.gemini.answer_with(hang())
    hanging = fleet.api.submit(photo("coffee"))
    fleet.gemini.wait_for_calls(1, timeout=30)
    first = worker_of(fleet, hanging)
    with ThreadPoolExecutor(10) as executor:
        jobs = list(executor.map(lambda number: fleet.api.submit(photo(NAMES[number % 3])), range(10)))
    with Watch(fleet.api, hanging, *jobs) as watch:
        (stopped,) = [worker for worker in fleet.all_of("work") if f"-{worker.pid}-" in first]
        stopped.send(signal.SIGTERM)
        assert stopped.ended(30) == 0, stopped.output
        watch.until_complete()
    assert worker_of(fleet, hanging) != first
    assert [event["code"] for event in timeline(fleet, hanging) if "code" in event] == ["WORKER_STOPPED"]
    assert fleet.attempts_left() == {2}
    assert len(fleet.gemini.calls) == 12
    assert fleet.run("verify").startswith("0 violations. Checked 11 uploads")


def test_the_objects_are_in_the_bucket_and_a_signed_link_opens_the_preview(fleet: Fleet, s3: S3Server) -> None:
    job = fleet.api.submit(photo("cat"))
    with Watch(fleet.api, job) as watch:
        watch.until_complete()
    kept = s3_client(s3.settings).list_objects_v2(Bucket=BUCKET, Prefix=job.id)["Contents"]
    names = [item["Key"].split("/")[1].split("-")[0] for item in kept]
    assert sorted(names) == ["clean.jpg", "full", "generated", "original", "preview"]
    assert Image.open(BytesIO(fleet.api.preview(job))).format == "JPEG"
    link = httpx.URL(fleet.api.preview_url(job))
    assert str(link).startswith(f"{fleet.settings['S3_ENDPOINT_URL']}/{BUCKET}/{job.id}/preview-")
    assert "X-Amz-Signature" in link.params
    assert httpx.get(link.copy_with(query=None), trust_env=False).status_code == httpx.codes.FORBIDDEN
