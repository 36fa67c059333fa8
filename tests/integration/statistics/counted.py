"""What `stage_statistics` holds."""

from typing import Any

from projections.log.pools import Pool

COLUMNS = "measure, hour, stage, code, model, prompt_version, bucket"


class Counted:
    """Questions of the tests to the table."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def rows(self) -> list[tuple[Any, ...]]:
        """All of it."""
        return self.query(f"SELECT * FROM stage_statistics ORDER BY {COLUMNS}")

    def sums(self, measure: str, by: str) -> list[tuple[Any, ...]]:
        """How often, and how many seconds together, by some columns."""
        return self.query(
            f"SELECT {by}, sum(count)::int, (sum(microseconds) / 1000000)::float FROM stage_statistics"
            f" WHERE measure = '{measure}' GROUP BY {by} HAVING sum(count) <> 0 ORDER BY {by}"
        )

    def query(self, query: str) -> list[tuple[Any, ...]]:
        """Any other one."""
        with self._pool.connection() as connection:
            return connection.execute(query.encode()).fetchall()
