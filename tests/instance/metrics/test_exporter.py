"""What a scrape shows: what was read, and how that went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from docmill.pipeline.instance.metrics.exporter import Exporter, Part
from docmill.pipeline.instance.metrics.families import FAMILIES
from docmill.pipeline.instance.metrics.standing import Gauge
from docmill.pipeline.instance.metrics.tally import Tally


def scraped(exporter: Exporter) -> dict[tuple[str, tuple[str, ...]], float]:
    registry = CollectorRegistry()
    registry.register(exporter)
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(generate_latest(registry).decode())
        for sample in family.samples
    }


def test_a_histogram_is_cumulative() -> None:
    tally = Tally()
    for seconds in (0.05, 0.3, 0.3, 99999.0):
        tally.observe("docmill_stage_duration_seconds", seconds, "layout")
    found = scraped(Exporter([], lambda: tally))
    name = "docmill_stage_duration_seconds"
    assert found[f"{name}_bucket", ("0.1", "layout")] == 1
    assert found[f"{name}_bucket", ("0.5", "layout")] == 3
    assert found[f"{name}_bucket", ("3600", "layout")] == 3
    assert found[f"{name}_bucket", ("+Inf", "layout")] == found[f"{name}_count", ("layout",)] == 4


def test_a_part_that_cannot_be_read_shows_what_it_showed_and_is_counted() -> None:
    answers: list[Iterable[Gauge] | Exception] = [
        [Gauge("docmill_stuck_runs", 2)],
        ConnectionError("away"),
        ConnectionError("away"),
        [Gauge("docmill_stuck_runs", 0)],
    ]

    def read(_: datetime) -> Iterable[Gauge]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    other = Part("other", 0.0, lambda _: [Gauge("docmill_waiting_pages", 7)])
    exporter = Exporter([Part("queue", 0.0, read), other], Tally)
    seen = []
    for _ in range(4):
        exporter.refresh()
        found = scraped(exporter)
        seen.append((found["docmill_stuck_runs", ()], found["docmill_exporter_failures", ("queue",)]))
        assert found["docmill_waiting_pages", ()] == 7
    assert seen == [(2, 0), (2, 1), (2, 2), (0, 0)]


def test_a_part_is_read_when_its_time_has_come() -> None:
    reads: list[str] = []

    def part(name: str, every_s: float) -> Part:
        def read(_: datetime) -> Iterable[Gauge]:
            reads.append(name)
            return ()

        return Part(name, every_s, read)

    exporter = Exporter([part("often", 0.0), part("seldom", 3600.0)], Tally)
    exporter.refresh()
    exporter.refresh()
    assert reads == ["often", "seldom", "often"]


def test_names_are_as_prometheus_wants_them() -> None:
    for name, family in FAMILIES.items():
        assert name.startswith("docmill_")
        assert not name.endswith("_total"), "the text format adds it"
        assert family.help.endswith(".")
        assert not set(family.labels) & {"le", "job_name", "instance"}
