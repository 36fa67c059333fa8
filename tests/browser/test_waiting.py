"""What a person is told while an upload waits: its place in line, how long it usually takes, and what it waits for."""

from collections.abc import Iterator
from threading import Event

import pytest

from tests.acceptance.clients import Api
from tests.acceptance.service import running
from tests.browser.conftest import Darkroom
from tests.browser.past import give_a_past
from tests.browser.person import Person
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import after, picture, status, when

THREADS = 10
USUALLY = r"^Usually .+ from here\.$"


@pytest.fixture(scope="module")
def running_darkroom() -> Iterator[Darkroom]:
    """A service of its own: no other test's uploads are in its line or in its past."""
    with (
        FakeGemini() as gemini,
        running(GEMINI_API_KEY=gemini.key, GEMINI_BASE_URL=gemini.url, WORKER_THREADS=str(THREADS)) as service,
    ):
        yield Darkroom(service, gemini)


def test_without_a_past_no_time_is_promised_and_in_line_the_place_is_told(person: Person, darkroom: Darkroom) -> None:
    told = Event()
    darkroom.gemini.always_answer_with(when(told, picture()))
    with Api(darkroom.service.url) as api:
        for _ in range(THREADS + 1):
            api.submit()
        person.send().reads("Waiting for its turn").sees("Your photo has arrived. One photo is before it.")
        assert person.page.get_by_text("Usually").count() == 0

        told.set()
        person.reads("Your picture is ready").assert_revealed()


def test_with_a_past_it_says_how_long_it_usually_takes_in_line_and_at_work(person: Person, darkroom: Darkroom) -> None:
    give_a_past(darkroom.service, darkroom.gemini, after(5, picture()))
    told = Event()
    darkroom.gemini.always_answer_with(when(told, after(5, picture())))
    with Api(darkroom.service.url) as api:
        for _ in range(THREADS + 1):
            api.submit()
        person.send().reads("Waiting for its turn").sees("One photo is before it.").reads_small_print(USUALLY)

        told.set()
        person.reads("Your picture is developing").reads_small_print(USUALLY)
        person.reads("Your picture is ready").assert_revealed()


def test_a_passing_trouble_is_said_and_passes(person: Person, darkroom: Darkroom) -> None:
    darkroom.gemini.answer_with(status(503, retry_after="6"))
    person.send().reads("Waiting to go on").sees("The image model could not be reached.").assert_accessible()
    assert person.pressable("Cancel").count() == 1

    person.reads("Your picture is ready").assert_revealed()
    generating = [sentence for sentence in person.spoken if "Generating" in sentence]
    assert len(generating) <= 1
