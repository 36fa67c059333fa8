"""Watches the connections of this process: how many an address holds, and how long each brings no whole request.

Granian accepts every connection and has one time limit for all of them. A client that opens thousands and sends
nothing, or sends a head byte by byte, would keep all others out. A thread looks at the sockets of this process as the
kernel knows them, and closes a connection that

- has not sent its first head within HEAD_SECONDS,
- has begun a later head and not sent it within HEAD_SECONDS (between two requests it may be idle for longer),
- is one too many of its address: those go first that have no request under way and never had an answer.

At the stop it sees to it that a connection that has just been made is not closed before its first request.
"""

import os
import socket
import struct
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from ipaddress import ip_address
from threading import Event, Thread
from time import monotonic
from typing import Any, Final, NamedTuple

from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from app.api.serving.listeners import DESCRIPTORS, borrowed, let_no_more_in, some_wait
from app.limits.networks import networks_of
from app.settings.parsers import Network
from projections.log.throttled import ThrottledWarning

HTTP: Final = ScopeType.HTTP
HEAD_SECONDS: Final = 10.0
LOOK_SECONDS: Final = 1.0
LOOK_SHARE: Final = 0.1
"""Looks take no more of the time than this: with thousands of connections they come more seldom."""
NEW_SECONDS: Final = 1.0
"""How long a connection that was made as the stop came may take for its first request."""
NEW_GLANCE_SECONDS: Final = 0.05
GLANCE_SECONDS: Final = 0.2
"""How often the descriptors of this process are counted, which costs less than a tenth of a look."""
SURGE: Final = 200
"""With so many more descriptors than before there is a look at once: what a crowd has sent is in memory, which is not
given back."""
SURGE_SECONDS: Final = 0.05
"""And then they are counted sooner."""
_TCP_INFO_BYTES: Final = 232
_LAST_DATA: Final = struct.Struct("@I4xI")
"""tcpi_last_data_sent and tcpi_last_data_recv of Linux's struct tcp_info, in milliseconds, at _LAST_DATA_AT."""
_LAST_DATA_AT: Final = 44
_SEGMENTS_SENT_AT: Final = 156

Peer = tuple[str, str]
"""Address and port, both as the server says them."""


class _Seen(NamedTuple):
    """A connection at one look."""

    descriptor: int
    inode: int
    peer: Peer
    is_answered: bool
    is_unread: bool
    """Whether bytes have come that belong to no request under way."""


class ConnectionGuard:
    """Closes what keeps others out of our `ports`. Addresses in `trusted` may hold any number of connections."""

    def __init__(
        self,
        ports: Collection[int],
        per_address: int,
        trusted: Sequence[Network] = (),
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._ports = frozenset(ports)
        self._per_address = per_address
        self._trusted = trusted
        self._clock = clock
        self._under_way: set[Peer] = set()
        self._since: dict[int, float] = {}
        """By inode: since when a connection has brought no whole head."""
        self._stopping = Event()
        self._closed = ThrottledWarning("api.connections_closed")

    def applied_to(self, app: ASGIApp) -> ASGIApp:
        """The app, whose requests are known to be under way."""
        under_way = self._under_way

        async def noting(scope: Scope, receive: Receive, send: Send) -> None:
            client = scope.get("client") if scope["type"] == HTTP else None
            if client is None:
                await app(scope, receive, send)
                return
            peer = client[0], str(client[1])
            under_way.add(peer)
            try:
                await app(scope, receive, send)
            finally:
                under_way.discard(peer)

        return noting

    def start(self) -> None:
        """Look at the connections from now on, in a thread of its own."""
        Thread(target=self._run, name="connections", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopping.set()

    def let_the_last_in(self) -> None:
        """Let none connect any more, and wait until those that have connected have sent their first request."""
        let_no_more_in(self._ports)
        until = self._clock() + NEW_SECONDS
        while not self._stopping.wait(NEW_GLANCE_SECONDS) and self._clock() < until:
            # Those that wait are looked at first: what is accepted in between is then among the connections.
            if not (some_wait(self._ports) or any(map(_is_new, self._connections()))):
                return

    def look(self) -> None:
        """Close the connections that are late, and those that are too many."""
        seen = list(self._connections())
        late = self._late(seen)
        too_many = self._too_many([one for one in seen if one not in late])
        for reason, found in (("no whole request in time", late), ("too many of one address", too_many)):
            for connection in found:
                if _close(connection):
                    self._closed.warn(reason, address=connection.peer[0])

    def _run(self) -> None:
        pause, before, due = GLANCE_SECONDS, 0, 0.0
        while not self._stopping.wait(pause):
            began, count = monotonic(), len(os.listdir(DESCRIPTORS))  # noqa: PTH208 - names alone, of thousands
            is_surge = count > before + SURGE
            if is_surge or began >= due:
                self.look()
                due = began + max(LOOK_SECONDS, (monotonic() - began) / LOOK_SHARE)
            pause, before = SURGE_SECONDS if is_surge else GLANCE_SECONDS, count

    def _connections(self) -> Iterator[_Seen]:
        for name in os.listdir(DESCRIPTORS):  # noqa: PTH208 - names alone, of thousands
            if found := self._connection(int(name)):
                yield found

    def _connection(self, descriptor: int) -> _Seen | None:
        try:
            inode = os.fstat(descriptor).st_ino
            with borrowed(descriptor) as connection:
                peer = _peer_of(connection, self._ports)
                if peer is None:
                    return None
                info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        except OSError:  # it is no socket, or it has been closed meanwhile
            return None
        sent_ago, received_ago = _LAST_DATA.unpack_from(info, _LAST_DATA_AT)
        is_answered = bool(struct.unpack_from("@I", info, _SEGMENTS_SENT_AT)[0])
        is_under_way = peer in self._under_way
        is_unread = not is_under_way and (received_ago < sent_ago if is_answered else True)
        return _Seen(descriptor, inode, peer, is_answered, is_unread)

    def _late(self, seen: Sequence[_Seen]) -> set[_Seen]:
        now = self._clock()
        unread = {one.inode: one for one in seen if one.is_unread}
        self._since = {inode: self._since.get(inode, now) for inode in unread}
        return {unread[inode] for inode, since in self._since.items() if now - since > HEAD_SECONDS}

    def _too_many(self, seen: Sequence[_Seen]) -> Iterator[_Seen]:
        if not self._per_address:
            return
        by_address: dict[str, list[_Seen]] = defaultdict(list)
        for one in seen:
            by_address[one.peer[0]].append(one)
        holders: dict[str, list[_Seen]] = defaultdict(list)
        for address, connections in by_address.items():
            if not self._is_trusted(address):
                holders[networks_of(address)[0]] += connections
        for connections in holders.values():
            excess = len(connections) - self._per_address
            if excess > 0:
                idle = sorted((one for one in connections if one.peer not in self._under_way), key=_worth)
                yield from idle[:excess]

    def _is_trusted(self, address: str) -> bool:
        parsed = ip_address(address.partition("%")[0])
        return any(parsed in network for network in self._trusted)


def _peer_of(connection: socket.socket, ports: Collection[int]) -> Peer | None:
    if connection.family not in {socket.AF_INET, socket.AF_INET6} or connection.getsockname()[1] not in ports:
        return None
    return _named(connection.getpeername())


def _named(address: tuple[Any, ...]) -> Peer:
    return address[0], str(address[1])


def _is_new(connection: _Seen) -> bool:
    return connection.is_unread and not connection.is_answered


def _worth(connection: _Seen) -> tuple[bool, bool]:
    return connection.is_answered, not connection.is_unread


def _close(seen: _Seen) -> bool:
    """End the connection, unless its descriptor has been given to another one meanwhile."""
    try:
        with socket.socket(fileno=os.dup(seen.descriptor)) as connection:
            if _named(connection.getpeername()) != seen.peer:
                return False
            connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return False
    return True
