"""`darkroom events export` into a lake: which `--out` is one, and the storage that it names."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import rich_click as click

if TYPE_CHECKING:
    from app.settings.environment import Settings
    from projections.history.form import Scope
    from projections.history.lake.appending import SealUpTo
    from projections.history.lake.folder import LakeStore
    from projections.history.manifest import Manifest

S3: Final = "s3://"


def is_lake(out: str) -> bool:
    """Whether a lake is meant: a bucket, a folder that exists, or a name that ends with a slash."""
    return out.startswith(S3) or out.endswith("/") or Path(out).is_dir()


def bucket_of(out: str) -> str | None:
    """The bucket of an address; None for a folder. Ends the command with 2 for an address without one."""
    if not out.startswith(S3):
        return None
    if bucket := urlsplit(out).netloc:
        return bucket
    raise click.UsageError(f"{out} names no bucket. Write s3://BUCKET/PREFIX.")


def store_of(out: str, settings: "Settings") -> "tuple[LakeStore, str]":
    """The storage and the prefix in it. Ends the command with 2 for an address that is none."""
    bucket = bucket_of(out)
    if bucket is None:
        from projections.history.lake.folder import LocalFolder

        return LocalFolder(Path(out)), ""
    from app.storage.keys import checked_prefix
    from app.storage.s3 import S3Store, s3_client

    prefix = urlsplit(out).path.strip("/")
    try:
        checked_prefix(prefix)
    except ValueError:
        raise click.UsageError(f"{prefix!r} is no prefix: it may have letters, digits and . _ = - in it.") from None
    return S3Store(s3_client(settings), bucket), prefix


def append_to_lake(
    connection: Any,  # noqa: ANN401 - of the driver, which the command line does not know
    destination: "tuple[LakeStore, str]",
    scope: "Scope",
    through: int,
    seal_up_to: "SealUpTo",
) -> "Manifest":
    """Append what is missing, with a bar on stderr; the manifest of the lake. Raises ExportError."""
    from projections.history.bar import bar
    from projections.history.lake.appending import Lake

    lake = Lake(*destination, scope)
    after = lake.open()
    with bar("Exporting", max(through - after, 0)) as advance:
        return lake.append(connection, after, max(after, through), seal_up_to, lambda done: advance(done - after))
