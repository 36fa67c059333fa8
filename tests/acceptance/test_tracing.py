"""One trace from POST to complete, through the queue and the worker, as a collector of OpenTelemetry sees it."""

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.acceptance.clients import Api, Job, Watch
from tests.acceptance.service import Service, running
from tests.fakes.otlp import FakeCollector, Span
from tests.photos.variants import photo
from tests.waiting import until

STAGES = ["validating", "generating", "storing", "watermarking"]
ROOT = "POST /api/uploads"


class Traced(NamedTuple):
    """A service, and the collector that it sends its spans to."""

    service: Service
    api: Api
    collector: FakeCollector

    def trace_of(self, job: Job, *names: str) -> list[Span]:
        """The job's trace, once it has these spans; its id is the job's."""

        def spans() -> list[Span]:
            return self.collector.trace(job.id.replace("-", ""))

        until(lambda: set(names) <= {span.name for span in spans()}, f"the spans do not come: {spans()}", 30)
        return spans()


@pytest.fixture(scope="module")
def traced() -> Iterator[Traced]:
    with FakeCollector() as collector:
        settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with running(**settings) as service, Api(service.url) as api:
            yield Traced(service, api, collector)


def named(trace: list[Span], name: str) -> Span:
    """The only span of that name."""
    (span,) = [span for span in trace if span.name == name]
    return span


def below(trace: list[Span], parent: Span) -> list[str]:
    """The names of its children, in the order in which they began, each once.

    On a busy machine the reconciler sends an upload again, and the run that comes second finds nothing to do.
    """
    names = [span.name for span in trace if span.parent_id == parent.span_id and span.name != "run"]
    return list(dict.fromkeys(names))


def in_process(trace: list[Span], process: str) -> set[str]:
    """The names of the spans that come from it."""
    return {span.name for span in trace if span.process == process}


def test_an_upload_is_one_trace_over_all_processes_and_every_span_is_below_the_right_one(traced: Traced) -> None:
    job = traced.api.submit(photo("coffee"))
    with Watch(traced.api, job) as watch:
        watch.until_complete()
    trace = traced.trace_of(job, ROOT, "dispatch", "attempt", *STAGES)
    root, attempt = named(trace, ROOT), named(trace, "attempt")

    assert [span.name for span in trace if not span.parent_id] == [ROOT]
    assert {span.parent_id for span in trace} - {""} <= {span.span_id for span in trace}, "no parent is missing"
    assert len({span.span_id for span in trace}) == len(trace)
    assert below(trace, root) == ["storage put", "append", "dispatch", "attempt"]
    assert in_process(trace, "serve") == {ROOT, "storage put", "append"}
    assert in_process(trace, "dispatch") == {"dispatch"}
    assert attempt.process == "work"
    assert [name for name in below(trace, attempt) if name in STAGES] == STAGES
    assert "image model" in below(trace, named(trace, "generating"))
    for stage in STAGES:
        assert "storage put" in below(trace, named(trace, stage))
    assert {"append", "storage get"} <= {span.name for span in trace if span.process == "work"}
    assert [span.name for span in trace if span.failed] == []


def test_a_span_lies_within_its_parent_and_tells_which_job_it_is_about(traced: Traced) -> None:
    job = traced.api.submit(photo("cat"))
    with Watch(traced.api, job) as watch:
        watch.until_complete()
    trace = traced.trace_of(job, ROOT, "attempt")
    attempt = named(trace, "attempt")
    inside = [span for span in trace if span.parent_id == attempt.span_id]

    assert all(attempt.began <= span.began <= span.ended <= attempt.ended for span in inside)
    assert {span.attributes["darkroom.upload_id"] for span in trace} == {job.id}
    told = [span for span in trace if span.name not in {"dispatch", "run"}]  # these know the upload's id alone
    assert len({span.attributes["darkroom.correlation_id"] for span in told}) == 1
    assert attempt.attributes["darkroom.attempt"] == 1


def test_a_stage_that_fails_is_told_by_its_code(traced: Traced) -> None:
    job = traced.api.submit(photo("coffee")[:2000])
    until(lambda: bool(traced.api.status(job)["isTerminal"]), "it does not end", 60)
    trace = traced.trace_of(job, ROOT, "attempt", "validating")

    assert [(span.name, span.attributes["error.type"]) for span in trace if span.failed] == [
        ("validating", "IMAGE_TRUNCATED")
    ]


def test_polls_and_pictures_that_are_fetched_leave_no_trace(traced: Traced) -> None:
    job = traced.api.submit(photo("coffee"))
    with Watch(traced.api, job) as watch:
        watch.until_complete()
    traced.api.preview(job)
    other = traced.api.submit(photo("coffee"))
    with Watch(traced.api, other) as watch:
        watch.until_complete()
    traced.trace_of(other, ROOT, "attempt")  # whatever the preview had left would have come before it

    assert in_process(traced.trace_of(job, ROOT, "attempt"), "serve") == {ROOT, "storage put", "append"}
    about = {span.attributes["darkroom.upload_id"] for span in traced.collector.spans}
    assert {span.trace_id for span in traced.collector.spans} == {str(one).replace("-", "") for one in about}
