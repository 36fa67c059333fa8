"""The parts of a lake in a folder here, to be imported."""

from pathlib import Path

from projections.history.importing import Source, refuse_filtered
from projections.history.lake.folder import LocalFolder
from projections.history.lake.manifest import NAME, read_lake_manifest
from projections.history.manifest import ExportError


def sources_of(folder: Path) -> list[Source]:
    """The files of a lake, each with what its manifest says of it. Raises ExportError."""
    manifest = read_lake_manifest(LocalFolder(folder), "")
    if manifest is None:
        raise ExportError(f"{folder} is no lake: it has no {NAME}. Name the files in it, or another folder.")
    refuse_filtered(folder, manifest)
    return [Source(folder / part.path, part.first, manifest, (part.sha256, part.count)) for part in manifest.parts]
