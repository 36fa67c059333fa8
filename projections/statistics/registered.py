"""The projections beside `uploads` and `results`: each follows the log by itself, and a new one begins at its start."""

from typing import Any, Final

from projections.statistics.folding import Folding
from projections.statistics.stage_statistics import STATISTICS

PROJECTIONS: Final[tuple[Folding[Any, Any], ...]] = (STATISTICS,)
