"""What a person sees on stderr while an upload is under way: a live bar on a terminal, a line a stage elsewhere."""

import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from app.cli.ending import ExitCode, end

if TYPE_CHECKING:
    from app.cli.client import Client, Job


def watch(client: "Client", job: "Job", seconds: float) -> dict[str, Any]:
    """Show an upload until its end, and return its last status. Ends the command on Ctrl-C and when time is up."""
    try:
        # A watch ends with the last status; whatever ends it earlier raises.
        return list(_shown(client.watch(job, seconds)))[-1]
    except KeyboardInterrupt:
        _stop_watching(client, job, ExitCode.INTERRUPTED, "No longer watching.")
    except TimeoutError:
        _stop_watching(client, job, ExitCode.FAILED, f"Not done after {seconds:g} s.")


def described(body: dict[str, Any]) -> str:
    """An upload's status in a few words."""
    stage = body["stage"] or "waiting"
    return f"{stage} {body['progress']}%" + (f", attempt {body['attempt']}" if body["attempt"] > 1 else "")


def _shown(bodies: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    return _bar(bodies) if sys.stderr.isatty() else _lines(bodies)


def _lines(bodies: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    shown = None
    for body in bodies:
        if (body["stage"], body["attempt"]) != shown:
            shown = (body["stage"], body["attempt"])
            print(described(body), file=sys.stderr, flush=True)  # noqa: T201 - this is the command line
        yield body


def _bar(bodies: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    stage = TextColumn("{task.description:<13}")
    columns = (stage, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("waiting", total=100)
        for body in bodies:
            attempt = f" ({body['attempt']})" if body["attempt"] > 1 else ""
            progress.update(task, completed=body["progress"], description=f"{body['stage'] or 'waiting'}{attempt}")
            yield body


def _stop_watching(client: "Client", job: "Job", code: ExitCode, sentence: str) -> NoReturn:
    end(
        code,
        f"{sentence} The job goes on. To look at it:\n"
        f"  darkroom status {job.id} --watch --server {client.server}\n"
        f"It asks for the session token, which opens this job to its holder:\n"
        f"  {job.session_token}",
    )
