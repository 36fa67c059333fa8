"""`darkroom submit` while another program writes the photo."""

import os
import socket
from pathlib import Path
from threading import Thread

import pytest

from tests.integration.cli.commands import command

SIZE = 32_000_000
"""In bytes: more than the kernel holds between a sender and a receiver that does not read."""


@pytest.mark.parametrize("becomes", [SIZE + 1_000_000, 1_000_000, 0])
def test_a_photo_whose_length_changes_while_it_is_sent_is_told_in_a_sentence(tmp_path: Path, becomes: int) -> None:
    photo = tmp_path / "copying.jpg"
    photo.write_bytes(b"\xff\xd8\xff")
    os.truncate(photo, SIZE)

    def change_and_read() -> None:
        connection, _ = server.accept()
        with connection:
            connection.recv(1)  # the length has been told
            os.truncate(photo, becomes)
            while connection.recv(65536):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server:
        reader = Thread(target=change_and_read)
        reader.start()
        result = command("submit", photo, "--server", f"http://127.0.0.1:{server.getsockname()[1]}")
        reader.join()

    sentence = f"{photo} cannot be read: its length changed while it was sent. Send it once it is whole.\n"
    assert (result.exit_code, result.stderr) == (2, sentence)
