"""The service as it runs on many machines: each process is one command, and all they share is in the environment."""

from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

import psycopg

from app.embedded.postgres import EmbeddedPostgres
from app.embedded.valkey import EmbeddedValkey
from tests.acceptance.clients import Api
from tests.acceptance.service import START_SECONDS, Running, answers, clean_environment, darkroom
from tests.fakes.gemini import FakeGemini
from tests.servers import free_port, open_folder
from tests.waiting import until

STARTED: Final = {"work": "worker.started", "project": "readers.started", "dispatch": "dispatcher.started"}
"""What each process says when it is at work; `serve` answers."""
TWO_OF_EACH: Final = ("project", "project", "dispatch", "dispatch", "work", "work", "serve")


class Fleet:
    """PostgreSQL, Valkey and an image model, and the processes of Darkroom around them; started when it is entered."""

    def __init__(self, *names: str, **settings: str) -> None:
        self._names = names or TWO_OF_EACH
        self._given = settings
        self.port = free_port()
        self.running: list[tuple[str, Running]] = []

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._stack = stack
            self._open_servers()
            self.run("migrate")
            self.running = [(name, self._begin(name)) for name in self._names]
            for name, process in self.running:
                self._until_at_work(name, process)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stack.__exit__(kind, error, None)

    def _open_servers(self) -> None:
        enter = self._stack.enter_context
        self.folder = enter(open_folder())
        self.gemini = enter(FakeGemini())
        self.postgres = enter(EmbeddedPostgres(enter(open_folder())))
        self.valkey = enter(EmbeddedValkey(enter(open_folder())))
        self.api = enter(Api(f"http://127.0.0.1:{self.port}"))
        self.settings = {
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.valkey.url,
            "SECRET_KEYS": "a key of these tests that is long enough",
            "DATA_DIR": str(self.folder),
            "GEMINI_API_KEY": self.gemini.key,
            "GEMINI_BASE_URL": self.gemini.url,
            **self._given,
        }

    def all_of(self, name: str) -> list[Running]:
        """The processes of that name."""
        return [process for other, process in self.running if other == name]

    def restart(self, process: Running) -> None:
        """Stop it in good order, and then start another one in its place."""
        index = [running for _, running in self.running].index(process)
        name, _ = self.running[index]
        process.stop()
        self.running[index] = (name, self._begin(name))
        self._until_at_work(*self.running[index])

    def run(self, *arguments: object) -> str:
        """What a command prints, which must end well."""
        done = darkroom(*arguments, folder=self.folder, **self.settings)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def assert_verified(self) -> None:
        """Nothing is violated, by its own judgement."""
        said = self.run("verify")
        assert "0 violations. " in said, said

    def attempts_left(self) -> set[int]:
        """How many more runs may begin, over all uploads; the one that completed an upload is used up."""
        with psycopg.connect(self.postgres.url) as connection:
            return {left for (left,) in connection.execute("SELECT attempts_left FROM uploads")}

    def _begin(self, name: str) -> Running:
        arguments = ("serve", "--port", self.port) if name == "serve" else (name,)
        environment = clean_environment(**self.settings)
        return self._stack.enter_context(Running(*arguments, folder=self.folder, environment=environment))

    def _until_at_work(self, name: str, process: Running) -> None:
        def is_at_work() -> bool:
            return answers(self.api.url) if name == "serve" else process.has_said(STARTED[name])

        until(is_at_work, f"{name} does not start:\n{process.output}", START_SECONDS)
