"""What is no photo, or too much of one: a clear error each, no call of the image model, and the service goes on."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image

from tests.acceptance.clients import Watch
from tests.acceptance.conftest import Connected
from tests.photos.variants import animated, bomb, canvas_claim_webp, claims, encoded, photo, truncated, very_wide
from tests.waiting import until

SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"this is no photo at all, whatever it is called", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (SVG, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (encoded(Image.new("P", (8, 8)), "GIF"), 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b"", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ],
    ids=["text", "SVG", "GIF", "empty"],
)
def test_a_file_that_is_no_photo_is_refused_at_the_door(
    connected: Connected, content: bytes, status: int, code: str
) -> None:
    response = connected.api.post(content, "photo.jpg")
    assert response.status_code == status
    body = response.json()
    assert (body["success"], body["error"]["code"]) == (False, code)
    assert body["error"]["message"].endswith(".")


def test_what_only_looks_like_a_photo_fails_at_10_with_its_own_code_and_the_service_goes_on(
    connected: Connected,
) -> None:
    already = len(connected.gemini.calls)
    expected = {
        "truncated JPEG": (truncated(), "IMAGE_TRUNCATED"),
        "bomb": (bomb(30_000), "IMAGE_TOO_LARGE"),
        "only a header": (claims(30_000, 30_000), "IMAGE_TOO_LARGE"),
        "huge canvas": (canvas_claim_webp(), "IMAGE_TOO_LARGE"),
        "65,535 pixels wide": (very_wide(), "IMAGE_TOO_LARGE"),
        "animated PNG": (animated("PNG"), "ANIMATED_IMAGE"),
        "animated WebP": (animated("WEBP"), "ANIMATED_IMAGE"),
        "a JPEG's first bytes": (b"\xff\xd8\xff\xe0 and then words", "IMAGE_TRUNCATED"),
    }
    jobs = {name: connected.api.submit(content) for name, (content, _) in expected.items()}
    with Watch(connected.api, *jobs.values()) as watch:
        until(lambda: all(poller.ended for poller in watch.pollers), "they do not end", 60)
    ends = {name: connected.api.status(job) for name, job in jobs.items()}
    assert {name: end.get("errorCode") for name, end in ends.items()} == {n: code for n, (_, code) in expected.items()}
    for end in ends.values():
        assert (end["stage"], end["progress"]) == ("failed", 10)
        assert end["errorMessage"].endswith(".")
    assert len(connected.gemini.calls) == already
    with Watch(connected.api, connected.api.submit(photo())) as watch:
        watch.until_complete()


def test_the_command_tells_of_each_bad_file_in_a_sentence(connected: Connected, tmp_path: Path) -> None:
    files = {
        "photo.jpg": (
            b"this is no photo",
            "This file is not a supported photo. Please choose a JPEG, PNG, WebP, HEIC or AVIF image.",
        ),
        "broken.jpg": (truncated(), "This image is incomplete or damaged. Please upload the photo again."),
        "huge.png": (bomb(30_000), "This image has too many pixels. Please choose a smaller photo."),
        "empty.jpg": (b"", "The file is empty."),
    }

    def submit(name: str) -> tuple[int, str, str]:
        (tmp_path / name).write_bytes(files[name][0])
        arguments = ("--server", connected.service.url, "--out", tmp_path / "print.jpg")
        done = connected.service.run("submit", tmp_path / name, *arguments)
        return done.returncode, done.stdout, done.stderr.splitlines()[-1]

    with ThreadPoolExecutor(len(files)) as executor:
        told = dict(zip(files, executor.map(submit, files), strict=True))
    assert told == {name: (1, "", sentence) for name, (_, sentence) in files.items()}
    assert not (tmp_path / "print.jpg").exists()
