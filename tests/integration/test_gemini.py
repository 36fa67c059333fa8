"""The whole way to Gemini and back, through its own SDK, to a server that speaks its protocol."""

import hashlib
import io
import logging
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from domain.failures import FailureCode
from tests.fakes import gemini_replies as replies
from tests.fakes.gemini import FakeGemini
from tests.photos import variants
from tests.waiting import BUSY_SECONDS
from workers.errors import PassingError, PermanentError
from workers.steps.prompts import CURRENT, PROMPTS
from workers.vision.gemini import GeminiModel

KEY = "key-of-the-test-0123456789"
PROMPT = PROMPTS[CURRENT]


@pytest.fixture
def server() -> Iterator[FakeGemini]:
    """A Gemini of the test's own."""
    with FakeGemini(KEY) as gemini:
        yield gemini


@pytest.fixture
def model(server: FakeGemini) -> Iterator[GeminiModel]:
    """Our side of it."""
    made = GeminiModel(KEY, "gemini-test-image", base_url=server.url, timeout_s=5)
    yield made
    made.close()


def test_a_photo_and_a_prompt_become_a_picture(server: FakeGemini, model: GeminiModel) -> None:
    answer = model.generate(variants.photo(), PROMPT)
    assert (answer.model, answer.media_type) == ("gemini/gemini-test-image", "image/png")
    assert Image.open(io.BytesIO(answer.image)).size == (600, 400)
    (call,) = server.calls
    assert (call.model, call.prompt) == ("gemini-test-image", PROMPT)
    assert call.sha256 == hashlib.sha256(variants.photo()).hexdigest()
    assert server.turned_away == []


def test_every_photo_gets_a_picture_of_its_own(model: GeminiModel) -> None:
    answers = {model.generate(variants.photo(name), PROMPT).image for name in variants.NAMES}
    assert len(answers) == len(variants.NAMES)


def test_threads_share_one_client(server: FakeGemini, model: GeminiModel) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: model.generate(variants.photo(), PROMPT), range(8)))
    assert len({answer.image for answer in answers}) == 1
    assert len(server.calls) == 8


@pytest.mark.parametrize(
    ("reply", "wait"),
    [
        (replies.status(429, retry_after="7"), 7),
        (replies.status(429, retry_delay="34.5s"), 34.5),
        (replies.status(429), None),
        (replies.status(500), None),
        (replies.status(502), None),
        (replies.status(503, retry_after="1"), 1),
        (replies.status(504), None),
        (replies.status(408), None),
        (replies.html(), None),
        (replies.body(b"<html>Bad gateway</html>", "text/html", 502), None),
        (replies.empty(), None),
        (replies.body(b"{}"), None),
        (replies.body(b"[1, 2"), None),
        (replies.body(b"[1, 2]"), None),
        (replies.body(b'"words"'), None),
        (replies.body(b'{"candidates": 7}'), None),
        (replies.body(b"\xff\xfe\xff"), None),
        (replies.body(b"[" * 100_000), None),
        (replies.body(b"[" * 100_000, "application/json", 503), None),
        (replies.reset(), None),
    ],
)
def test_troubles_of_the_other_side_pass(
    server: FakeGemini, model: GeminiModel, reply: replies.Reply, wait: float | None
) -> None:
    server.answer_with(reply)
    with pytest.raises(PassingError) as passing:
        model.generate(variants.photo(), PROMPT)
    assert passing.value.code is FailureCode.GENERATION_UNAVAILABLE
    assert passing.value.retry_after == wait
    assert len(server.calls) == 1  # nothing is tried again behind our back
    assert model.generate(variants.photo(), PROMPT).image  # and the same client goes on


def test_a_date_in_retry_after_becomes_seconds_and_no_more_than_an_hour(server: FakeGemini, model: GeminiModel) -> None:
    server.answer_with(replies.status(503, retry_after="Fri, 01 Jan 2100 00:00:00 GMT"))
    with pytest.raises(PassingError) as passing:
        model.generate(variants.photo(), PROMPT)
    assert passing.value.retry_after == 3600


@pytest.mark.parametrize(
    "reply", [replies.hang(), replies.trickle(0.1), replies.header_trickle(0.1), replies.early_hints(0.1)]
)
def test_an_answer_that_never_ends_is_given_up_in_time(server: FakeGemini, reply: replies.Reply) -> None:
    impatient = GeminiModel(KEY, "gemini-2.5-flash-image", base_url=server.url, timeout_s=0.5)
    impatient.generate(variants.photo(), PROMPT)  # so that the SDK's import is not what is measured
    server.answer_with(reply)
    begun = time.monotonic()
    with pytest.raises(PassingError) as passing:
        impatient.generate(variants.photo(), PROMPT)
    assert time.monotonic() - begun < 5 + BUSY_SECONDS
    assert passing.value.code is FailureCode.GENERATION_UNAVAILABLE
    impatient.close()


def test_a_server_that_is_not_there_passes() -> None:
    nowhere = GeminiModel(KEY, "gemini-2.5-flash-image", base_url="http://127.0.0.1:9", timeout_s=1)
    with pytest.raises(PassingError) as passing:
        nowhere.generate(variants.photo(), PROMPT)
    assert passing.value.code is FailureCode.GENERATION_UNAVAILABLE
    nowhere.close()


@pytest.mark.parametrize("code", [302, 400, 401, 403, 404, 413])
def test_a_no_is_for_good(server: FakeGemini, model: GeminiModel, code: int) -> None:
    server.answer_with(replies.status(code))
    with pytest.raises(PermanentError) as refused:
        model.generate(variants.photo(), PROMPT)
    assert refused.value.code is FailureCode.GENERATION_REFUSED
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "reply",
    [
        replies.prompt_blocked("SAFETY"),
        replies.prompt_blocked("PROHIBITED_CONTENT"),
        replies.prompt_blocked("A_REASON_OF_NEXT_YEAR"),
        *map(
            replies.finished,
            [
                "SAFETY",
                "PROHIBITED_CONTENT",
                "IMAGE_SAFETY",
                "IMAGE_PROHIBITED_CONTENT",
                "RECITATION",
                "IMAGE_RECITATION",
            ],
        ),
    ],
)
@pytest.mark.filterwarnings("ignore:A_REASON_OF_NEXT_YEAR is not a valid")  # the SDK says so, and goes on
def test_a_refusal_of_the_photo_is_for_good(server: FakeGemini, model: GeminiModel, reply: replies.Reply) -> None:
    server.answer_with(reply)
    with pytest.raises(PermanentError) as refused:
        model.generate(variants.photo(), PROMPT)
    assert refused.value.code is FailureCode.CONTENT_BLOCKED


@pytest.mark.parametrize(
    "reply",
    [
        replies.text_only(),
        replies.no_candidates(),
        replies.finished("NO_IMAGE"),
        replies.finished("STOP"),
        replies.body(b'{"candidates": [{}]}'),
        replies.pictures(b""),
        replies.pictures(b"only a thought", thoughts=1),
        replies.pictures(b"a picture", media_type="image/\ud800"),
        replies.pictures(b"a picture", media_type="image/" + "x" * 65),
        replies.pictures(b"a picture", media_type="image/png\n"),
    ],
)
def test_an_answer_without_a_picture_is_for_good(server: FakeGemini, model: GeminiModel, reply: replies.Reply) -> None:
    server.answer_with(reply)
    with pytest.raises(PermanentError) as refused:
        model.generate(variants.photo(), PROMPT)
    assert refused.value.code is FailureCode.NO_IMAGE_GENERATED


def test_the_last_picture_that_is_no_thought_is_the_answer(server: FakeGemini, model: GeminiModel) -> None:
    server.answer_with(replies.pictures(b"thought", b"first", b"last", thoughts=1))
    assert model.generate(variants.photo(), PROMPT).image == b"last"


@pytest.mark.parametrize("code", [400, 503])
def test_the_key_is_in_no_error_and_no_log(
    server: FakeGemini, model: GeminiModel, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer_with(replies.status(code, message=f"the key {KEY} is not welcome"))
    with pytest.raises((PassingError, PermanentError)) as failed:
        model.generate(variants.photo(), PROMPT)
    assert "is not welcome" in str(failed.value)
    assert KEY not in "".join(traceback.format_exception(failed.value))
    assert KEY not in caplog.text


def test_a_wrong_key_is_turned_away(server: FakeGemini) -> None:
    stranger = GeminiModel("another-key", "gemini-2.5-flash-image", base_url=server.url, timeout_s=5)
    with pytest.raises(PermanentError) as refused:
        stranger.generate(variants.photo(), PROMPT)
    assert refused.value.code is FailureCode.GENERATION_REFUSED
    assert server.turned_away == ["API key not valid. Please pass a valid API key."]
    assert server.calls == []
    stranger.close()
