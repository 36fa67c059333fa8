"""The notifier of tests that run the readers of the log by hand."""


class SilentNotifier:
    """Notifies no reader."""

    def notify(self) -> None:
        """Do nothing."""
