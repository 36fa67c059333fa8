"""The settings: every environment variable that Darkroom reads, its default, its check and its help.

This is the only reader of the environment. It knows no service that is configured by them, opens nothing and
reaches nothing; it refuses all mistakes at once, each in one sentence that never shows a secret.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Self

from app.settings.given import SettingsError, all_values, variables
from app.settings.given import setting as _setting
from app.settings.parsers import Network, hosts, keys, networks, one_of, origins, signing_key, text, url, whole
from app.settings.staff import StaffSettings

__all__ = ["Network", "Settings", "SettingsError", "settings_help"]

DEFAULT_BUDGET = 500
"""Paid calls an hour, unless GENERATION_BUDGET_PER_HOUR is set: about 20 dollars, at 0.04 for a picture."""
_DAYS = whole(1, 36_500)


class Settings(StaffSettings, frozen=True, kw_only=True):
    """What the operator decides. Each field is one environment variable of the same name, in capitals."""

    database_url: Annotated[
        str | None,
        _setting(
            url("postgresql", "postgres", host=False),
            "PostgreSQL, as a libpq URI. Without it and REDIS_URL, `darkroom up` runs its own.",
            secret=True,
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        _setting(
            url("redis", "rediss", "unix", host=False),
            "Redis or Valkey: redis://, rediss:// or unix://. Its maxmemory-policy must be noeviction.",
            secret=True,
        ),
    ] = None
    secret_keys: Annotated[
        tuple[str, ...],
        _setting(
            keys,
            "Keys that sign session tokens and URLs, newest first, separated by commas, each of 32 characters or more. "
            "Required with DATABASE_URL; the embedded service makes its own.",
            secret=True,
        ),
    ] = ()
    head_key: Annotated[
        str | None, _setting(signing_key, "The key that signs heads: 32 bytes in base64. Else DATA_DIR's.", secret=True)
    ] = None
    public_url: Annotated[
        str | None, _setting(url("http", "https"), "Where clients reach the API, when that is not HOST and PORT.")
    ] = None
    host: Annotated[str, _setting(text, "The address that the API listens on.")] = "127.0.0.1"
    port: Annotated[int, _setting(whole(1, 65535), "The port that the API listens on.")] = 8000
    data_dir: Annotated[
        Path, _setting(Path, "The folder of the embedded service, and of the objects when there is no S3_BUCKET.")
    ] = Path("darkroom-data")
    run_as: Annotated[
        str, _setting(one_of("unprivileged", "root"), "As whom `darkroom up` and its processes run if root starts it.")
    ] = "unprivileged"
    s3_endpoint_url: Annotated[
        str | None, _setting(url("http", "https"), "The S3 or R2 endpoint, when it is not Amazon's own.")
    ] = None
    s3_bucket: Annotated[str | None, _setting(text, "The bucket that keeps the objects, instead of a folder.")] = None
    s3_region: Annotated[str, _setting(text, "The bucket's region.")] = "auto"
    aws_access_key_id: Annotated[
        str | None, _setting(text, "The key of the bucket; leave it out where the machine has a role.", secret=True)
    ] = None
    aws_secret_access_key: Annotated[
        str | None, _setting(text, "The secret that belongs to AWS_ACCESS_KEY_ID.", secret=True)
    ] = None
    aws_session_token: Annotated[
        str | None, _setting(text, "The token that belongs to a temporary AWS_ACCESS_KEY_ID.", secret=True)
    ] = None
    gemini_api_key: Annotated[
        str | None, _setting(text, "The key of the image model. Without it pictures are made locally.", secret=True)
    ] = None
    gemini_model: Annotated[str, _setting(text, "The name of the image model.")] = "gemini-2.5-flash-image"
    gemini_base_url: Annotated[
        str | None, _setting(url("http", "https"), "The image model's server, when it is not Google's own.")
    ] = None
    gemini_timeout_seconds: Annotated[
        int, _setting(whole(1, 3600), "How long one call of the image model may take.")
    ] = 120
    generation_budget_per_hour: Annotated[
        int | None,
        _setting(
            whole(0, 2**31 - 1),
            "How many calls of the image model may be paid for in an hour, by all workers; beyond it uploads wait. "
            "Unless set it is 500; 0 for no limit. Without GEMINI_API_KEY nothing is paid for.",
        ),
    ] = None
    posthog_api_key: Annotated[
        str | None, _setting(text, "The project key of PostHog. Without it nothing is sent.", secret=True)
    ] = None
    posthog_host: Annotated[
        str | None, _setting(url("http", "https"), "PostHog's server, when it is not its own cloud.")
    ] = None
    max_upload_bytes: Annotated[int, _setting(whole(1, 2**40), "The largest photo that is taken in, in bytes.")] = (
        20 * 2**20
    )
    max_pixels: Annotated[int, _setting(whole(1, 2**40), "The most pixels that a photo may have.")] = 50_000_000
    unconfined_images: Annotated[
        str,
        _setting(
            one_of("refuse", "allow"),
            "Whether `work` runs where it cannot confine the process that opens a photo: refuse, or allow.",
        ),
    ] = "refuse"
    worker_threads: Annotated[int, _setting(whole(1, 256), "How many runs one worker process does at a time.")] = 8
    bytes_in_flight: Annotated[
        int,
        _setting(
            whole(0, 2**50),
            "How many bytes of photos may be on their way at once; half of it from one client address. 0 for no limit.",
        ),
    ] = 2**30
    min_free_bytes: Annotated[
        int, _setting(whole(0, 2**50), "With less free disk space, in bytes, no photo is taken in. 0 for no limit.")
    ] = 2**30
    uploads_per_minute: Annotated[
        int,
        _setting(
            whole(0, 2**31),
            "How many uploads and retries one client address, or one session, may send in a minute; 0 for no limit.",
        ),
    ] = 60
    connections_per_address: Annotated[
        int, _setting(whole(0, 2**31), "How many connections one client address may hold; 0 for no limit.")
    ] = 4096
    polls_per_minute: Annotated[
        int,
        _setting(
            whole(0, 2**31),
            "How often one session may poll in a minute, over all of its uploads, and an address five times as often;"
            " 0 for no limit.",
        ),
    ] = 12_000
    held_per_session: Annotated[
        int,
        _setting(whole(0, 2**31), "How many held polls and streams of one session may wait at once; 0 for no limit."),
    ] = 6
    held_per_address: Annotated[
        int,
        _setting(whole(0, 2**31), "How many held polls and streams of one address may wait at once; 0 for no limit."),
    ] = 50
    session_days: Annotated[
        int, _setting(_DAYS, "How many days a session token opens its uploads; it is renewed while it is used.")
    ] = 90
    retain_originals_days: Annotated[
        int | None, _setting(_DAYS, "How many days after an upload is complete its photo is kept; unset: for ever.")
    ] = None
    retain_results_days: Annotated[
        int | None, _setting(_DAYS, "How many days after an upload is complete its pictures are kept; unset: for ever.")
    ] = None
    retain_failed_days: Annotated[
        int | None, _setting(_DAYS, "How many days a failed upload's photo is kept; unset: RETAIN_ORIGINALS_DAYS.")
    ] = None
    trusted_proxies: Annotated[
        tuple[Network, ...],
        _setting(networks, "The proxies whose X-Forwarded-For is believed: addresses or networks, comma-separated."),
    ] = ()
    allowed_hosts: Annotated[
        tuple[str, ...],
        _setting(hosts, "The hosts that requests may name, comma-separated, without ports; none for any host."),
    ] = ()
    cors_origins: Annotated[
        tuple[str, ...],
        _setting(origins, "The origins of other front ends that may use the API from a browser, comma-separated."),
    ] = ()
    operations_port: Annotated[
        int | None,
        _setting(
            whole(1, 65535),
            "The port on HOST of `serve` for /metrics, /readyz and /schema, in place of PORT.",
        ),
    ] = None
    metrics_port: Annotated[
        int | None,
        _setting(
            whole(1, 65535),
            "The port on HOST for the own /metrics of `work`, `project` or `dispatch`; without it they have none.",
        ),
    ] = None
    otel_exporter_otlp_endpoint: Annotated[
        str | None,
        _setting(
            url("http", "https"), "The collector of OpenTelemetry traces, over HTTP. All OTEL_ variables count, then."
        ),
    ] = None
    otel_exporter_otlp_traces_endpoint: Annotated[
        str | None, _setting(url("http", "https"), "The same, for traces alone, with its path.")
    ] = None
    otel_service_name: Annotated[str, _setting(text, "The name of the service in its traces.")] = "darkroom"
    log_format: Annotated[
        str, _setting(one_of("auto", "console", "json"), "console, json, or auto: console on a terminal.")
    ] = "auto"
    log_level: Annotated[
        str, _setting(one_of("debug", "info", "warning", "error"), "The least that is logged: debug to error.")
    ] = "info"
    database_pool_size: Annotated[
        int, _setting(whole(1, 1000), "The most connections to PostgreSQL that one process opens.")
    ] = 10

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] = os.environ, *, for_service: bool = True, bucket: str | None = None
    ) -> Self:
        """Read and check them all; an empty variable counts as not set. Raises SettingsError.

        Each NAME may also be the content of the file that NAME_FILE names, as containers give secrets.

        What only looks into the database, and is no process of the service, needs no REDIS_URL and no SECRET_KEYS.
        """
        named = {"S3_BUCKET": bucket} if bucket and "S3_BUCKET_FILE" not in environ else {}
        return cls(**all_values(cls, {**named, **environ}, for_service=for_service))

    @property
    def embedded(self) -> bool:
        """Whether Darkroom has to run its own PostgreSQL and Valkey."""
        return self.database_url is None and self.redis_url is None

    @property
    def paid_calls_per_hour(self) -> int | None:
        """The budget of paid calls; None for no limit."""
        if self.generation_budget_per_hour is None:
            return DEFAULT_BUDGET if self.gemini_api_key else None
        return self.generation_budget_per_hour or None

    @property
    def traced(self) -> bool:
        """Whether a collector of traces is configured."""
        return bool(self.otel_exporter_otlp_endpoint or self.otel_exporter_otlp_traces_endpoint)

    def __repr__(self) -> str:
        """Without the secrets, so that a traceback or a log line cannot show one."""
        shown = ((v.field, getattr(self, v.field)) for v in variables(Settings) if not v.secret)
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown)})"


def settings_help() -> Iterator[tuple[str, str, str]]:
    """Name, default and purpose of every variable, in the order in which they are best read."""
    for variable in variables(Settings):
        yield variable.name, "" if variable.default in {None, ()} else str(variable.default), variable.purpose
