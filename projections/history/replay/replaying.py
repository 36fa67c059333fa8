"""Replays the history from Python: every event with its position and time, from a live log, a file or a lake.

for logged in replay("events.ndjson", since=1200):
    print(logged.position, logged.recorded_at, logged.event)
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import takewhile
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from domain.events import EVENTS
from projections.history.bar import bar
from projections.history.export import connect, ndjson_blocks, settled
from projections.history.form import Scope
from projections.history.lines import lines_of
from projections.history.manifest import ExportError, read_manifest
from projections.history.replay.lakes import is_lake, read_lake
from projections.history.replay.moments import Moment, moment_of
from projections.log.event_log import LoggedEvent

ENVELOPE: Final = ("schema_version", "event_id", "actor", "correlation_id")
SHOWN: Final = 1000
"""The bar moves after so many events."""

_S = TypeVar("_S")


class _Line(msgspec.Struct, frozen=True, rename="camel"):
    position: int
    upload_id: UUID
    version: int
    name: str
    recorded_at: datetime
    event_id: msgspec.Raw
    actor: msgspec.Raw
    correlation_id: msgspec.Raw
    schema_version: msgspec.Raw
    facts: dict[str, msgspec.Raw]


_DECODER: Final = msgspec.json.Decoder(_Line)


def replay(
    source: str | Path,
    since: Moment | None = None,
    until: Moment | None = None,
    *,
    names: Iterable[str] = (),
    progress: bool = False,
) -> Iterator[LoggedEvent]:
    """The events of a log, given by its postgresql:// URL, or of a file or a lake of `events export`, in their order.

    From and until a position (both included) or a time (the second one left out), which may be text or a date; without
    an offset it is in UTC. `logged.event` is the event itself.
    With `progress` a bar on stderr shows the rate and the time that is left. Raises ExportError, LogUnavailableError.
    """
    first, last = (None if given is None else moment_of(given) for given in (since, until))
    scope = Scope(
        since=max(first, 1) if isinstance(first, int) else 1,
        until=last if isinstance(last, int) else None,
        since_time=first if isinstance(first, datetime) else None,
        until_time=last if isinstance(last, datetime) else None,
        names=tuple(names),
    )
    if unknown := [name for name in scope.names if name not in EVENTS]:
        raise ExportError(f"No event is named {unknown[0]!r}. There are: {', '.join(EVENTS)}.")
    is_log = isinstance(source, str) and source.startswith(("postgresql://", "postgres://"))
    if is_log:
        yield from _of_log(str(source), scope, progress)
    elif is_lake(source):
        end, lines = read_lake(str(source), scope)
        yield from _of_lines(lines, str(source), scope, end, progress)
    else:
        manifest = read_manifest(Path(source))
        end = (manifest and manifest.last) or 0
        yield from _of_lines(lines_of(Path(source)), str(source), scope, end, progress)


def fold_by_upload(events: Iterable[LoggedEvent], function: Callable[[_S | None, LoggedEvent], _S]) -> dict[UUID, _S]:
    """What the function makes of each upload's events, one after the other; it is given None before the first."""
    states: dict[UUID, _S] = {}
    for logged in events:
        states[logged.upload_id] = function(states.get(logged.upload_id), logged)
    return states


def _of_log(url: str, scope: Scope, progress: bool) -> Iterator[LoggedEvent]:  # noqa: FBT001 - private
    with connect(url) as connection:
        last = settled(connection)
        through = last if scope.until is None else min(last, scope.until)
        blocks = ndjson_blocks(connection, scope, scope.since - 1, through)
        lines = (line for block in blocks for line in block.lines.splitlines())
        yield from _shown((_logged(line, url) for line in lines), scope.since - 1, through, progress)


def _of_lines(
    lines: Iterator[bytes],
    source: str,
    scope: Scope,
    last: int,
    progress: bool,  # noqa: FBT001 - private
) -> Iterator[LoggedEvent]:
    last = last if scope.until is None else min(last, scope.until)
    events = (_logged(line, source) for line in lines)
    wanted = takewhile(lambda logged: scope.until is None or logged.position <= scope.until, events)
    found = (logged for logged in wanted if _is_in(scope, logged))
    yield from _shown(found, scope.since - 1, last, progress)


def _is_in(scope: Scope, logged: LoggedEvent) -> bool:
    return (
        scope.since <= logged.position
        and (scope.since_time is None or logged.recorded_at >= scope.since_time)
        and (scope.until_time is None or logged.recorded_at < scope.until_time)
        and (not scope.names or logged.name in scope.names)
    )


def _logged(line: bytes, source: str) -> LoggedEvent:
    try:
        found = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ExportError(f"{source} has a line that is no event: {error}: {line[:80]!r}.") from error
    state = {stored: getattr(found, stored) for stored in ENVELOPE} | found.facts
    text = msgspec.json.encode(state).decode()
    return LoggedEvent(found.position, found.upload_id, found.version, found.name, text, found.recorded_at)


def _shown(events: Iterator[LoggedEvent], after: int, last: int, progress: bool) -> Iterator[LoggedEvent]:  # noqa: FBT001 - private
    if not progress:
        yield from events
        return
    with bar("Replaying", last - after) as advance:
        for number, logged in enumerate(events):
            yield logged
            if number % SHOWN == 0:
                advance(logged.position - after)
