"""Invariant 10: the audit log is whole. Each row carries a hash over itself and over the hash of the row before.

The last row is kept once more in audit_log_head, so that one that is missing at the very end is found, too.
"""

from typing import Any, Final

import psycopg

from projections.audit.evidence import Violation

PAGE: Final = 10_000
MOST: Final = 100
"""How many violations are told. After the first one the rest is seldom news."""

# A page begins with the last row of the page before, so that every row is compared with the one before it.
SELECT_LINKS: Final = """
SELECT number, before, hash = audit_log_hash(coalesce(hash_before, ''), entry), jsonb_typeof((entry).facts) FROM (
    SELECT entry, entry.number, entry.hash, lag(entry.number) OVER later AS before,
           lag(entry.hash) OVER later AS hash_before
    FROM (SELECT number FROM audit_log WHERE number >= %s ORDER BY number LIMIT %s) AS page
    JOIN audit_log AS entry USING (number) WINDOW later AS (ORDER BY entry.number)
) AS links ORDER BY number
"""
SELECT_END: Final = """
SELECT l.number, l.hash, h.number, h.hash
FROM (SELECT true) AS one
LEFT JOIN (SELECT number, hash FROM audit_log ORDER BY number DESC LIMIT 1) AS l ON true
LEFT JOIN audit_log_head AS h ON true
"""


def broken_links(connection: psycopg.Connection[Any]) -> tuple[int, list[Violation]]:
    """How many rows there are, and where the log is broken, in the transaction of the caller."""
    violations: list[Violation] = []
    last = rows = 0
    while len(violations) < MOST:
        page = connection.execute(SELECT_LINKS, (last, PAGE + 1)).fetchall()
        links = page if not last else page[1:]
        if not links:
            break
        for number, before, is_genuine, facts in links:
            violations += _violations(number, before or 0, is_genuine=is_genuine)
            if facts != "object":
                violations.append(Violation(10, None, f"number {number} has {facts} as its facts, and not an object."))
        rows += len(links)
        last = links[-1][0]
    if len(violations) < MOST:
        violations += _at_the_end(connection)
    return rows, violations[:MOST]


def _at_the_end(connection: psycopg.Connection[Any]) -> list[Violation]:
    ((last, hashed, kept, kept_hash),) = connection.execute(SELECT_END).fetchall()
    if kept is None:
        return [Violation(10, None, "the head is missing: rows at the end may have been taken away.")] if last else []
    if last is None or last < kept:
        missing = str(kept) if (last or 0) + 1 == kept else f"{(last or 0) + 1} to {kept}"
        return [Violation(10, None, f"number {missing} is missing: rows were taken away at the end.")]
    if (last, hashed) != (kept, kept_hash):
        return [Violation(10, None, f"number {last} at the end is not the head that was kept, number {kept}.")]
    return []


def _violations(number: int, before: int, *, is_genuine: bool) -> list[Violation]:
    if number != before + 1:
        missing = str(before + 1) if number == before + 2 else f"{before + 1} to {number - 1}"
        return [Violation(10, None, f"number {missing} is missing: rows were taken away.")]
    if not is_genuine:
        return [Violation(10, None, f"number {number} is not what was written, or number {before} is not.")]
    return []
