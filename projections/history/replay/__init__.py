"""Replays the history from Python: every event with its position and time, from a log, an exported file or a lake."""

from projections.history.replay.replaying import fold_by_upload, replay

__all__ = ["fold_by_upload", "replay"]
