"""The notifier of tests that run the readers of the log by hand."""

from collections.abc import Collection


class SilentNotifier:
    """Notifies no reader."""

    def notify(self, names: Collection[str]) -> None:
        """Do nothing."""
