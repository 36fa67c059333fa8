"""A real S3 server for tests: SeaweedFS on loopback, with one bucket and one key, gone afterwards."""

import http.client
import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import NamedTuple

from app.embedded.child import Child
from app.embedded.supervisor import Supervisor
from app.settings.environment import Settings
from app.storage.s3 import s3_client
from tests.servers import free_ports

ACCESS_KEY = "darkroom-tests"
SECRET_KEY = "darkroom-tests-secret"
BUCKET = "darkroom"
PORTS = ("master", "master.grpc", "volume", "volume.grpc", "filer", "filer.grpc", "s3", "s3.grpc")


class S3Server(NamedTuple):
    """Where it is, as the settings name it."""

    environ: dict[str, str]

    @property
    def settings(self) -> Settings:
        """Settings that use it, and nothing else that is not a default."""
        return Settings.from_env(self.environ)


@contextmanager
def running_s3_server() -> Iterator[S3Server]:
    """Start it with an empty bucket; about four seconds."""
    with tempfile.TemporaryDirectory(prefix="dk-s3-") as folder:
        ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        supervisor = Supervisor()
        try:
            supervisor.start(_weed(Path(folder), ports))
            server = S3Server(_environ(ports["s3"]))
            s3_client(server.settings).create_bucket(Bucket=BUCKET)
            yield server
        finally:
            supervisor.stop()
            _remove_sockets(ports)


def _remove_sockets(ports: dict[str, int]) -> None:
    # It puts these where it likes and, killed, leaves them behind.
    for name, port in ports.items():
        for socket_name in (f"seaweedfs-{name}-{port}.sock", f"seaweedfs-{name.replace('.', '-')}-{port}.sock"):
            Path("/tmp", socket_name).unlink(missing_ok=True)  # noqa: S108 - its choice, not ours


def _environ(port: int) -> dict[str, str]:
    return {
        "S3_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "S3_BUCKET": BUCKET,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
    }


def _weed(folder: Path, ports: dict[str, int]) -> Child:
    config = folder / "s3.json"
    credentials = [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}]
    config.write_text(json.dumps({"identities": [{"name": "tests", "credentials": credentials, "actions": ["Admin"]}]}))
    return Child(
        name="weed",
        argv=(
            str(Path(sys.executable).with_name("weed")),
            *("server", "-filer", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}"),
            *(f"-{name}.port={port}" for name, port in ports.items() if "." not in name),
            *(f"-{name.replace('.', '.port.')}={port}" for name, port in ports.items() if "." in name),
            *("-s3.port.iceberg=0", "-s3.port.lance=0", "-s3.iam=false", f"-s3.config={config}"),
            *(
                "-s3.autoCreateBucket=false",
                "-master.telemetry=false",
                "-master.volumeSizeLimitMB=64",
                "-volume.max=50",
            ),
        ),
        env={"HOME": str(folder), "TMPDIR": str(folder)},
        log=folder / "weed.log",
        stop_signal=SIGKILL,  # its own way to end takes more than ten seconds, and its data goes away anyway
        ready=lambda: _is_whole(ports),
    )


def _is_whole(ports: dict[str, int]) -> bool:
    """Whether the gateway asks for a key, and the place for data has been reported: else a first PUT takes seconds."""
    status, _ = _get(ports["s3"], "/")
    _, topology = _get(ports["master"], "/dir/status")
    return status == http.HTTPStatus.FORBIDDEN and b'"DataNodes"' in topology


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
