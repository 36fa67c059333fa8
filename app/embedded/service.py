"""The whole service on one machine: the servers first, then the schema, then the processes that use them.

    PostgreSQL, Valkey -> schema -> root is given up -> project, dispatch -> work -> serve -> ready

It stops in the reverse order, and starts again whatever ends by itself.
"""

import http.client
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Final

import rich_click as click
import structlog
from msgspec import structs

from app.embedded.data_folder import DataFolder
from app.embedded.postgres import EmbeddedPostgres
from app.embedded.processes import Processes, hand_over, limit_ids
from app.embedded.sign_in_link import sign_in_link
from app.embedded.supervisor import Supervisor
from app.embedded.valkey import EmbeddedValkey
from app.logs import configure_logs
from app.settings.environment import Settings
from app.settings.listening_address import free_address
from projections.log.schema import migrate
from workers.confinement.process_control import hide
from workers.imaging.sandbox import check_confinement

HEALTH_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


def run_service(settings: Settings) -> None:
    """Run everything until told to stop. Raises ServerError, EmbeddedError, ChildNotReadyError, ConfinementError."""
    configure_logs(settings.log_format, settings.log_level)
    hide()
    check_confinement(must_confine=settings.unconfined_images == "refuse")  # or `work` would be started in vain
    with ExitStack() as stack:
        folder = stack.enter_context(DataFolder(settings.data_dir))
        # Before anything starts: another program on the port would answer in our place.
        free_address(settings.host, settings.port)
        limit_ids(settings)
        supervisor = stack.enter_context(Supervisor(log.info))
        given, owner_url = _with_servers(settings, folder, supervisor)
        migrate(owner_url)
        log.info("schema applied")
        link = sign_in_link(settings, owner_url)
        hand_over(settings, folder.path)
        processes = Processes(settings, given)
        stack.enter_context(processes.started_without_root(folder.path))
        supervisor.start(processes.child("project"), processes.child("dispatch"))
        supervisor.start(processes.child("work"))
        healthy = partial(_is_healthy, settings.host, settings.port)
        supervisor.start(structs.replace(processes.child("serve"), ready=healthy))
        server_url = settings.public_url or f"http://{settings.host}:{settings.port}"
        folder.announce(
            server_url=server_url, database_url=owner_url, redis_url=given.get("REDIS_URL") or settings.redis_url or ""
        )
        click.echo(f"Darkroom is ready on {server_url}; its data is in {folder.path}. Ctrl-C stops it.")
        click.echo(f"Send it a photo: darkroom submit photo.jpg --server {server_url}")
        if link:
            click.echo(f"Help its users, from this machine; the link signs in once: {link}")
        supervisor.run()
        click.echo("Darkroom is stopping.")


def _with_servers(settings: Settings, folder: DataFolder, supervisor: Supervisor) -> tuple[Mapping[str, str], str]:
    """The addresses of the running servers, which the processes get, and the owner's DATABASE_URL."""
    # Children on one machine cannot share a port for their metrics; what the log knows, `serve` tells on its own.
    own = {"DATA_DIR": str(folder.path), "HOST": settings.host, "PORT": str(settings.port), "METRICS_PORT": ""}
    owner_url = settings.database_url or ""
    if settings.embedded:
        postgres = EmbeddedPostgres(folder.path, on_surprise=log.warning)
        valkey = EmbeddedValkey(folder.path, on_surprise=log.warning)
        supervisor.start(valkey.child, postgres.child)  # Valkey loads while PostgreSQL makes its data folder
        own |= {"DATABASE_URL": postgres.service_url, "REDIS_URL": valkey.url}
        owner_url = postgres.url
    if not settings.secret_keys:
        own["SECRET_KEYS"] = folder.secret_keys()
    return own, owner_url


def _is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host, port, timeout=HEALTH_SECONDS)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
