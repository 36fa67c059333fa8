"""The proof of one upload's history: its events, and the path from each of them to a signed head.

It is checked without the database. It proves that these events are in the log that the head covers, as they are; their
versions count from 1, so none is missing before the last. It cannot prove that no later event of the upload exists.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import Any
from uuid import UUID

import msgspec
import psycopg

from domain.errors import DarkroomError
from projections.history.canonical import canonical, read_line
from projections.history.export import ndjson_blocks
from projections.history.form import Scope
from projections.history.heads import Head, Pool, events_after
from projections.history.merkle import leaf, path, root, root_of_path
from projections.history.seals import PAGE, leaf_of, seal_hash, seals_between
from projections.log.event_log import select_history
from projections.log.pools import connected


class ProofError(DarkroomError):
    """This proof does not hold."""


class ProvenEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event as a line of an export, its place among the events of its page, and the path to the page's root."""

    event: msgspec.Raw
    index: int
    path: list[str]


class SealedPage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A page as its seal has it."""

    first: int
    last: int
    count: int
    root: str


class Proof(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """`previous` is the seal before the first of the pages, which lead to the head without a gap."""

    upload_id: UUID
    events: list[ProvenEvent]
    previous: str
    pages: list[SealedPage]
    head: Head


def prove(pool: Pool, upload_id: UUID, head: Head) -> Proof:
    """The proof of what the log holds of an upload up to the head. Raises ProofError, LogUnavailableError."""
    with connected(pool) as connection:
        history = [row for row in select_history(connection, upload_id) if row.position <= head.position]
        if not history:
            raise ProofError(f"Upload {upload_id} has no event up to position {head.position}, which the head covers.")
        first = _page_of(history[0].position)
        seals = seals_between(connection, first, head.position)
        blocks = ndjson_blocks(connection, Scope(upload_id=upload_id), first - 1, history[-1].position)
        lines = iter([line for block in blocks for line in block.lines.splitlines()])
        events: list[ProvenEvent] = []
        for page, rows in groupby(history, key=lambda row: _page_of(row.position)):
            leaves = _leaves(connection, page, head.position)
            indexes = {position: index for index, position in enumerate(leaves)}
            for row in rows:
                nodes = [each.hex() for each in path(list(leaves.values()), indexes[row.position])]
                events.append(ProvenEvent(msgspec.Raw(next(lines)), indexes[row.position], nodes))
        pages = [SealedPage(seal.first, seal.last, seal.count, seal.root.hex()) for seal in seals]
        if not pages:
            raise ProofError("These events are not sealed. Run `darkroom project`, which seals the log.")
        # The page of the head may have grown since.
        leaves = _leaves(connection, pages[-1].first, head.position)
        pages[-1] = SealedPage(pages[-1].first, head.position, len(leaves), root(list(leaves.values())).hex())
    return Proof(upload_id=upload_id, events=events, previous=seals[0].previous.hex(), pages=pages, head=head)


def _leaves(connection: psycopg.Connection[Any], first: int, head: int) -> dict[int, bytes]:
    """The leaves of a page, as far as the head covers it, by position."""
    last = min(first + PAGE - 1, head)
    around = events_after(connection, first - 1, PAGE)
    return {row.position: leaf_of(row) for row in around if row.position <= last}


def read_proof(content: bytes) -> Proof:
    """The proof in a file. Raises ProofError."""
    try:
        return msgspec.json.decode(content, type=Proof)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise ProofError(f"This is no proof: {error}. Make one with `darkroom events proof JOB_ID`.") from error


def faults(proof: Proof, head: Head) -> Iterator[str]:
    """What is wrong with a proof, a sentence each; none if it holds up to this head."""
    if not proof.events:
        yield "there is no event in it, so it proves nothing."
    pages = {page.first: page for page in proof.pages}
    for number, proven in enumerate(proof.events, start=1):
        try:
            line = read_line(bytes(proven.event))
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            yield f"event {number} cannot be read: {error}."
            continue
        if (line.upload_id, line.version) != (proof.upload_id, number):
            told = f"position {line.position} is version {line.version} of {line.upload_id}"
            yield f"{told}, not version {number} of {proof.upload_id}."
        page = pages.get(_page_of(line.position))
        hashed = leaf(canonical(line))
        if page is None or line.position > page.last or not _leads_to(page, hashed, proven):
            yield f"position {line.position} is not the event that was sealed."
    try:
        hashed = bytes.fromhex(proof.previous)
        for page in proof.pages:
            hashed = seal_hash(page.first, page.last, page.count, bytes.fromhex(page.root), hashed)
    except ValueError:
        yield "a hash of a page is not in hexadecimal."
        return
    if not proof.pages or (proof.pages[-1].last, hashed.hex()) != (head.position, head.hash):
        yield f"the pages do not lead to the head of position {head.position}."


def _leads_to(page: SealedPage, hashed: bytes, proven: ProvenEvent) -> bool:
    try:
        nodes = [bytes.fromhex(each) for each in proven.path]
    except ValueError:
        return False
    found = root_of_path(hashed, proven.index, page.count, nodes)
    return found is not None and found.hex() == page.root


def _page_of(position: int) -> int:
    return (position - 1) // PAGE * PAGE + 1
