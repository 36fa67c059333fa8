"""Whether the API can listen on an address. It serves nothing."""

import errno
import socket

from domain.errors import DarkroomError


class ServerError(DarkroomError):
    """The API cannot be served."""


def free_address(host: str, port: int) -> str:
    """The host's address. Granian would share a port that another program has, so the port is tried first."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise ServerError(_sentence(error, host, port)) from error
    return str(address[0])


def _sentence(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is taken by another program. Stop that one, or choose another port."
    return f"The API cannot listen on {host}, port {port}: {error.strerror}."
