"""Sends a running service requests that its /schema allows, and many that it does not. Every answer is as documented.

Schemathesis does it, with all of its checks, in all of its phases, over uploads, sessions and staff that are real. A
session that is ended, and uploads that are erased, are others than those that are looked at.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import httpx
from msgspec import Struct

from domain.staff import Role
from projections.log.pools import open_pool
from projections.staff.members import Staff
from tests.acceptance.service import Service, running
from tests.fuzz.photos_for_schemathesis import ADMIN, LEAVER
from tests.waiting import until

ROOT: Final = Path(__file__).parents[2]
PHOTO: Final = ROOT / "tests" / "photos" / "coffee.jpg"
SECONDS: Final = 3600
FIGURES: Final = re.compile(r"^ *(API Links: .*|\d+ generated, .*)$", re.MULTILINE)
CANNOT_BE_SAID: Final = """
# A time, a cursor and a reason without anything private have no schema.
[[operations]]
include-path-regex = "^/api/(support|analysis)"
checks.positive_data_acceptance.expected-statuses = ["2xx", "3xx", "4xx"]
# A filter that is empty filters nothing.
[[operations]]
include-path-regex = "^/api/(support/(uploads|failures)|analysis)$"
checks.negative_data_rejection.expected-statuses = ["200", "4xx"]
# No schema tells which signed links there are.
[warnings]
enabled = false
"""


class Known(Struct, frozen=True):
    """A session and uploads of it, the first of which is complete."""

    token: str
    job_ids: list[str]
    result_id: str | None = None


def faults(cases: int, seed: int, tell: Callable[[str], None]) -> Iterator[str]:
    """What went wrong, as it is told. Tells how much was tried."""
    with ExitStack() as stack:
        service = stack.enter_context(running())
        client = stack.enter_context(httpx.Client(base_url=service.url, timeout=30, trust_env=False))
        with open_pool(service.addresses.database_url, 1, "fuzz") as pool:
            _, staff = Staff(pool).add(ADMIN, Role.ADMIN, None, by="operator:fuzz")
            Staff(pool).add(LEAVER, Role.VIEWER, None, by="operator:fuzz")
        people = {name: _known(client, service) for name in ("owner", "eraser", "ender", "stateful")}
        alone = _configuration(people, staff)
        # Ids that are given would take the place of those that one answer hands to the next request.
        tokens = {"X-Session-Token": people["stateful"].token, "Authorization": f"Bearer {staff}"}
        in_turn = _parameters("parameters", header=tokens) + CANNOT_BE_SAID
        for phases, configuration in (("examples,coverage,fuzzing", alone), ("stateful", in_turn)):
            done = _schemathesis(service, configuration, phases=phases, cases=cases, seed=seed)
            for line in FIGURES.findall(done.stdout):
                tell(f"  {phases}: {line}")
            if done.returncode:
                yield done.stdout + done.stderr
        if unexpected := [line for line in service.lines if line.get("event") == "api.unexpected"]:
            yield f"{len(unexpected)} errors of ours in the log, such as {unexpected[0]}"
        service.assert_verified()


def _schemathesis(
    service: Service, configuration: str, *, phases: str, cases: int, seed: int
) -> subprocess.CompletedProcess[str]:
    file = service.folder / f"{phases}.toml"
    file.write_text(configuration)
    return subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(file)),
            *("run", f"{service.url}/schema/openapi.json", "--phases", phases, "--checks", "all"),
            *("--seed", str(seed), "--max-examples", str(cases), "--no-color", "--continue-on-failure"),
        ],
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        cwd=service.folder,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.photos_for_schemathesis", "PYTHONPATH": str(ROOT)},
    )


def _known(client: httpx.Client, service: Service) -> Known:
    """A new session with a complete upload and others."""
    token: dict[str, str] = {}
    job_ids = []
    for _ in range(3):
        with PHOTO.open("rb") as photo:
            body = client.post("/api/uploads", files={"image": photo}, headers=token).json()
        token = {"X-Session-Token": body["sessionToken"]}
        job_ids.append(body["jobId"])

    def status() -> dict[str, Any]:
        found: dict[str, Any] = client.get(f"/api/status/{job_ids[0]}", headers=token).json()
        return found

    until(lambda: status()["isTerminal"], service.output)
    return Known(token["X-Session-Token"], job_ids, status()["resultId"])


def _configuration(people: Mapping[str, Known], staff: str) -> str:
    """The configuration for requests that stand alone, in TOML."""
    owner, eraser, ender = (people[name] for name in ("owner", "eraser", "ender"))
    complete, other, third = owner.job_ids
    header, staffs = {"X-Session-Token": owner.token}, {"Authorization": f"Bearer {staff}"}
    return "\n".join(
        [
            _parameters(
                "parameters", path={"jobId": complete, "resultId": owner.result_id}, header={**header, **staffs}
            ),
            _operation(
                "^/api/uploads/[^/]*$", "DELETE", {"jobId": eraser.job_ids[0]}, {"X-Session-Token": eraser.token}
            ),
            _operation("^/api/session$", "DELETE", {}, {"X-Session-Token": ender.token}),
            _operation("/(retry|requeue)$", "POST", {"jobId": other}, header),
            _operation("/cancel$", "POST", {"jobId": third}, header),
            _operation("/erase$", "POST", {"jobId": eraser.job_ids[1]}, header),
            _operation("^/api/support/staff/", "POST", {"name": LEAVER}, staffs),
            CANNOT_BE_SAID,
        ]
    )


def _operation(path: str, method: str, ids: Mapping[str, str], header: Mapping[str, str]) -> str:
    matches = f"[[operations]]\ninclude-path-regex = '{path}'\ninclude-method = '{method}'"
    return f"{matches}\n{_parameters('operations.parameters', path=ids, header=header)}"


def _parameters(table: str, **sources: Mapping[str, str | None]) -> str:
    values = [
        f"{json.dumps(f'{source}.{name}')} = {json.dumps(value)}"
        for source, given in sources.items()
        for name, value in given.items()
    ]
    return "\n".join([f"[{table}]", *values])
