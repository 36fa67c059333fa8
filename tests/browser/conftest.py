"""One service and one browser for all, and a new person for each test."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from playwright.sync_api import Browser

from tests.acceptance.clients import Api, Job
from tests.acceptance.service import Service, running
from tests.browser.agent import Agent, token_of
from tests.browser.chromium import running_chromium
from tests.browser.person import Person
from tests.fakes.gemini import FakeGemini
from tests.fakes.gemini_replies import picture, text_only, when
from tests.photos.variants import photo
from tests.waiting import until

NewPerson = Callable[..., Person]
NewAgent = Callable[..., Agent]


class Darkroom(NamedTuple):
    """The service, and the image model that it asks."""

    service: Service
    gemini: FakeGemini

    @contextmanager
    def developing(self) -> Iterator[None]:
        """What is sent meanwhile develops until the end of this, however slow the person and the machine are."""
        told = Event()
        self.gemini.always_answer_with(when(told, picture()))
        try:
            yield
        finally:
            told.set()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser."""
    with running_chromium() as browser:
        yield browser


@contextmanager
def started() -> Iterator[Darkroom]:
    """A service with an image model of the tests."""
    with FakeGemini() as gemini, running(GEMINI_API_KEY=gemini.key, GEMINI_BASE_URL=gemini.url) as service:
        yield Darkroom(service, gemini)


@pytest.fixture(scope="session")
def running_darkroom() -> Iterator[Darkroom]:
    """The service of the whole run."""
    with started() as darkroom:
        yield darkroom


@pytest.fixture
def darkroom(running_darkroom: Darkroom) -> Darkroom:
    """The service, whose image model answers at once until the test says otherwise."""
    running_darkroom.gemini.always_answer_with(picture())
    return running_darkroom


@pytest.fixture
def new_person(chromium: Browser, darkroom: Darkroom) -> Iterator[NewPerson]:
    """Makes persons, each with a browser of their own unless they share one. None may have met a fault of the page."""
    persons: list[Person] = []

    def make(share: Person | None = None, language: str = "en-GB", **context: Any) -> Person:  # noqa: ANN401 - what Playwright takes
        shared = share.context if share else chromium.new_context(locale=language, **context)
        persons.append(Person(shared, darkroom.service.url))
        return persons[-1]

    yield make
    for context in {person.context for person in persons}:
        context.close()
    assert [fault for person in persons for fault in person.faults] == []


@pytest.fixture
def person(new_person: NewPerson) -> Person:
    """A new person at the page."""
    return new_person().open()


@pytest.fixture
def new_agent(new_person: NewPerson, darkroom: Darkroom) -> NewAgent:
    """Makes staff members, each with a browser of their own."""

    def make(role: str = "agent", **context: Any) -> Agent:  # noqa: ANN401 - what Playwright takes
        token = token_of(darkroom.service, f"{role}-{uuid4().hex[:8]}", role)
        return Agent(new_person(**context), token)

    return make


def failed(darkroom: Darkroom) -> Job:
    """An upload for which the image model made nothing."""
    darkroom.gemini.always_answer_with(text_only())
    return submitted(darkroom, "failed")


def submitted(darkroom: Darkroom, state: str) -> Job:
    """An upload that came to this status."""
    with Api(darkroom.service.url) as api:
        job = api.submit(photo())
        until(lambda: api.status(job)["status"] == state, f"it is not {state}")
    return job
