"""A file of JSON that is nested thousands deep is refused with a sentence, whatever it is given as."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from app.backup.archive import Archive, BackupError
from app.storage.folder import FolderStore
from domain.errors import DarkroomError
from projections.history.heads import HeadError, read_head
from projections.history.importing import source_of
from projections.history.lake.manifest import NAME, read_lake_manifest
from projections.history.manifest import ExportError, manifest_path, read_manifest
from projections.history.proofs import ProofError, read_proof

DEEP: Final = b'{"position":' * 5_000 + b"1" + b"}" * 5_000


def manifest_of_a_file(folder: Path) -> object:
    manifest_path(folder / "events.ndjson").write_bytes(DEEP)
    return read_manifest(folder / "events.ndjson")


def manifest_of_a_lake(folder: Path) -> object:
    (folder / NAME).write_bytes(DEEP)
    return read_lake_manifest(FolderStore(folder, lambda key, _: key), "")


def manifest_of_a_backup(folder: Path) -> object:
    (folder / "manifest.json").write_bytes(DEEP)
    return Archive(folder).manifest()


def exported_file(folder: Path) -> object:
    (folder / "events.ndjson").write_bytes(DEEP + b"\n")
    return source_of(folder / "events.ndjson")


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (lambda _: read_head(DEEP), HeadError),
        (lambda _: read_proof(DEEP), ProofError),
        (manifest_of_a_file, ExportError),
        (manifest_of_a_lake, ExportError),
        (manifest_of_a_backup, BackupError),
        (exported_file, ExportError),
    ],
)
def test_it_is_refused(tmp_path: Path, read: Callable[[Path], object], error: type[DarkroomError]) -> None:
    with pytest.raises(error):
        read(tmp_path)
