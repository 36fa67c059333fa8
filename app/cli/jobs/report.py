"""What `darkroom submit` prints about its photos: results for programs to stdout, messages for people to stderr."""

import json
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

import rich_click as click

from app.cli.jobs.batch import NOT_SENT, TIMEOUT, UNREACHABLE, UNREADABLE, Step
from app.cli.jobs.counted import counted
from app.cli.jobs.display import Display
from app.cli.jobs.photos import Photo
from app.cli.jobs.tokens import TokenFile

FAILED: Final = 1
USAGE: Final = 2


class Report:
    """Takes every step of every photo, keeps the session tokens, and knows how the command ends."""

    def __init__(self, server: str, *, several: bool, waits: bool, as_json: bool, show_token: bool) -> None:
        self._server = server
        self._several = several
        self._waits = waits
        self._as_json = as_json
        self._show_token = show_token
        self._began = time.monotonic()
        self._steps: dict[Photo, Step] = {}
        self._held: list[str] = []
        # Bars are drawn on the same screen: what would come between them waits for their end.
        self._holds = sys.stdout.isatty() and sys.stderr.isatty()
        self._tokens: TokenFile | None = None
        try:
            self._tokens = TokenFile(server)
            self._tokens.prepare()
        except OSError as error:
            self._without_tokens(error)

    def take(self, step: Step, shown: Display) -> None:
        """Show a step, and print how a photo ended."""
        name = step.photo.name if self._several else ""
        if self.keep(step) and step.job:
            if self._show_token and sum(1 for each in self._steps.values() if each.job) == 1:
                shown.say("", f"Session token {step.job.session_token}")
            if self._waits:
                shown.begin(name, step.job.id)
        if step.wait:
            shown.wait(name, step.wait)
        if step.is_last:
            self._print(step)
            if step.trouble:
                shown.say("" if step.trouble.code == UNREADABLE else name, step.trouble.message)
        elif step.status:
            shown.show(name, step.status)

    def keep(self, step: Step) -> bool:
        """Remember a step, and the token of its job. Whether its job is new."""
        before, self._steps[step.photo] = self._steps.get(step.photo), step
        if not step.job or (before and before.job):
            return False
        try:
            if self._tokens:
                self._tokens.keep(step.job)
        except OSError as error:
            self._without_tokens(error)
        return True

    def finish(self, *, skipped: int) -> None:
        """Print what waited, the summary of several photos, and how to look at jobs that go on."""
        for line in self._held:
            click.echo(line)
        if self._several:
            click.echo(self._summary(skipped), err=self._as_json)
        if self._unfinished:
            click.echo(f"To look at what goes on:\n{self._commands(self._unfinished)}", err=True)

    def interrupted(self, photos: Sequence[Photo]) -> str:
        """What is said after Ctrl-C: what goes on, and what the server may not have."""
        under_way = [step for step in self._steps.values() if step.job and not step.is_last]
        known = {photo for photo, step in self._steps.items() if step.job or step.is_last}
        unconfirmed = [photo.name for photo in photos if photo not in known]
        if not self._several:
            return (
                f"No longer watching. The job goes on. To look at it:\n{self._commands(under_way)}"
                if under_way
                else "Stopped before the server had confirmed the photo."
            )
        said = ["Stopped."]
        if under_way:
            said += [f"{counted(len(under_way), 'jobs')} under way. To look:", self._commands(under_way)]
        if unconfirmed:
            said += [
                f"The server had not confirmed {counted(len(unconfirmed), 'photos')}:",
                *(f"  {name}" for name in unconfirmed),
            ]
        return "\n".join(said)

    @property
    def server_is_away(self) -> bool:
        """Whether a photo failed because the server does not answer."""
        return UNREACHABLE in self._troubles

    @property
    def exit_code(self) -> int:
        """0 if all that was asked for is done."""
        if not self._troubles:
            return 0
        return USAGE if self._troubles == [UNREADABLE] and not self._several else FAILED

    @property
    def _troubles(self) -> list[str]:
        return [step.trouble.code for step in self._steps.values() if step.trouble]

    @property
    def _unfinished(self) -> list[Step]:
        """The photos whose jobs go on although the command ends."""
        return [
            step
            for step in self._steps.values()
            if step.job and step.trouble and step.trouble.code in {TIMEOUT, UNREACHABLE}
        ]

    def _commands(self, steps: Sequence[Step]) -> str:
        return "\n".join(
            f"  darkroom status {step.job.id} --watch --server {self._server}" for step in steps if step.job
        )

    def _print(self, step: Step) -> None:
        line = json.dumps(_for_machines(step, self._server)) if self._as_json else _for_people(step)
        if line and self._holds:
            self._held.append(line)
        elif line:
            click.echo(line)

    def _summary(self, skipped: int) -> str:
        steps = self._steps.values()
        done = sum(step.is_complete for step in steps)
        not_sent = self._troubles.count(NOT_SENT)
        failed = len(self._troubles) - not_sent
        said = [f"{done} of {counted(len(steps), 'photos')} {'completed' if self._waits else 'taken in'}"]
        said += [f"{failed} failed"] * bool(failed) + [f"{not_sent} not sent"] * bool(not_sent)
        said += [f"{counted(skipped, 'files')} skipped"] * bool(skipped)
        return f"{', '.join(said)}, in {time.monotonic() - self._began:.1f} s."

    def _without_tokens(self, error: OSError) -> None:
        # Nothing is lost yet: the photo can still be sent, watched and saved by this command.
        click.echo(
            f"Session tokens cannot be kept: {error.filename}: {error.strerror}. Without them no other command can "
            "look at these jobs: --show-token prints them, and XDG_STATE_HOME names another folder.",
            err=True,
        )
        self._tokens = None


def _for_people(step: Step) -> str | None:
    if step.trouble or not step.job:
        return None
    return f"Saved {step.saved_to}" if step.saved_to else f"{step.job.id} {step.photo.name}"


def _for_machines(step: Step, server: str) -> dict[str, Any]:
    line: dict[str, Any] = {"success": True}
    if step.job:
        submitted = {"status": "pending", "statusUrl": f"{server}/api/status/{step.job.id}"}
        line |= {"jobId": step.job.id, **(step.status or submitted), "sessionToken": step.job.session_token}
    if step.saved_to:
        line["savedTo"] = step.saved_to
    # A job that failed says so in its own members.
    if step.trouble and not (step.status and step.status["isTerminal"] and not step.status["resultId"]):
        line |= {"success": False, "error": {"code": step.trouble.code, "message": step.trouble.message}}
    return {**line, "photo": step.photo.name}
