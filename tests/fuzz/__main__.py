"""Sends hostile input to Darkroom, by the dice, and prints what does not hold.

    python -m tests.fuzz                          all of it, at the full counts
    python -m tests.fuzz multipart --cases 100000 --seed 7
    python -m tests.fuzz contract --cases 20      so many examples of each operation of /schema

It prints the seed first: the same seed and number of cases send the same input. It ends with 1 if anything did not
hold.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from random import randrange
from typing import Final

from projections.log.schema import migrate
from tests.fuzz import bodies, contract, heads, multipart
from tests.integration.api.serving import running
from tests.servers import open_folder, running_postgres

COUNTS: Final = {"multipart": 20_000, "heads": 5_000, "bodies": 50_000, "contract": 100}
"""The full counts; of contract for each operation."""


def faults(kind: str, cases: int, seed: int) -> Iterator[str]:
    """What did not hold, a sentence each."""
    match kind:
        case "heads":
            yield from heads.faults(cases, str(seed))
        case "bodies":
            yield from bodies.faults(cases, str(seed))
        case "contract":
            yield from contract.faults(cases, seed, say)
        case _:
            yield from _multipart(cases, seed)


def _multipart(cases: int, seed: int) -> Iterator[str]:
    tally: Counter[int] = Counter()
    with ExitStack() as stack:
        url = stack.enter_context(running_postgres()).url
        migrate(url)
        server = stack.enter_context(running(url, stack.enter_context(open_folder())))
        yield from multipart.faults(server, cases, str(seed), tally)
    say(f"  answers: {', '.join(f'{status} {count:,}' for status, count in sorted(tally.items()))}")


def main() -> int:
    """Run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Send hostile input to Darkroom.")
    parser.add_argument("kinds", nargs="*", choices=[[], *COUNTS], help="what to try; all of it unless named")
    parser.add_argument("--cases", type=int, help="how many of each; the full counts unless given")
    parser.add_argument("--seed", type=int, default=randrange(10**6))
    arguments = parser.parse_args()
    found = 0
    for kind in arguments.kinds or COUNTS:
        cases, began = arguments.cases or COUNTS[kind], time.monotonic()
        say(f"python -m tests.fuzz {kind} --cases {cases} --seed {arguments.seed}")
        for fault in faults(kind, cases, arguments.seed):
            found += 1
            say(f"  {fault}")
        say(f"  done in {time.monotonic() - began:.0f} s")
    say(f"{found} faults")
    return 1 if found else 0


def say(sentence: str) -> None:
    """Print at once."""
    print(sentence, flush=True)  # noqa: T201 - the output of a command


if __name__ == "__main__":
    sys.exit(main())
