"""How a fake server cuts a connection off: rudely, as a network does and no server would."""

import socket
import struct
from http.server import BaseHTTPRequestHandler


def cut_off(handler: BaseHTTPRequestHandler) -> None:
    """End the connection. Closed with a linger of no seconds it ends with a reset and not with a goodbye."""
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.rfile.close()  # which holds the socket, too
    handler.connection.close()
    handler.close_connection = True
