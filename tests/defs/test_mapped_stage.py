"""Definitions whose stages are divided, beside those whose stages are not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster_k8s.job import get_user_defined_k8s_config

from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.instance.reporting.spending import overhead_numbers, overhead_of
from docmill.pipeline.intake.batches import Manifest
from docmill.pipeline.stages.results.step_accounts import Overhead
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from tests.support.long_batches import BY_PAGES, artifacts_of, long_pdf, made_batch, run_batch, spent, stored

SAMPLES = Path(__file__).parents[1] / "samples"
BAD = ("encrypted.pdf", "truncated.pdf", "not_a_pdf.pdf")
PAGES = 18

Ran = tuple[Path, Manifest, list[dg.DagsterEvent]]


def described(prefix: str, most: int) -> dict[str, Any]:
    """All that Dagster knows of the assets."""
    resources = {"layout": Layout(backend=TritonLayoutConfig())}
    defs = docmill_definitions(key_prefix=prefix, resources=resources, pages_per_pod=most)
    graph = defs.resolve_asset_graph()
    job = defs.resolve_job_def(f"{prefix}_convert_documents" if prefix else "convert_documents")
    return {
        "assets": {
            node.key: (
                sorted(node.parent_keys),
                node.group_name,
                node.kinds,
                node.tags,
                node.owners,
                node.description,
                node.partitions_def,
                node.code_version,
                node.pools,
                {check.name for check in node.check_keys},
            )
            for node in graph.asset_nodes
        },
        "blocking": {key: graph.get(key).blocking for key in graph.asset_check_keys},
        "job": (
            job.asset_layer.executable_asset_keys,
            [node.name for node in job.nodes_in_topological_order],
        ),
        "sensors": sorted(sensor.name for sensor in defs.sensors or ()),
    }


@pytest.mark.parametrize("prefix", ["", "mill"])
def test_assets_are_what_they_are_when_no_stage_is_divided(prefix: str) -> None:
    whole, divided = described(prefix, 0), described(prefix, 500)
    assert divided["assets"] == whole["assets"]
    assert divided == whole


def test_a_pod_for_a_range_is_sized_as_that_of_the_stage() -> None:
    def pods(most: int) -> dict[str, Any]:
        resources = {"layout": Layout(backend=TritonLayoutConfig())}
        job = docmill_definitions(resources=resources, pages_per_pod=most).resolve_job_def(
            "convert_documents"
        )
        found = {}
        for node in job.nodes:
            inner = node.definition.nodes if isinstance(node.definition, dg.GraphDefinition) else [node]
            for each in inner:
                name = node.name if each is node else f"{node.name}.{each.name}"
                container = get_user_defined_k8s_config(each.tags).container_config
                found[name] = container.get("resources"), each.definition.pools
        return found

    whole, divided = pods(0), pods(500)
    for stage in BY_PAGES:
        assert divided[f"{stage}.range"] == divided[f"{stage}.join"] == whole[stage]
    assert divided["pages.cut"] == whole["pages"]  # it opens documents
    for stage in BY_PAGES[1:]:
        resources, pool = divided[f"{stage}.cut"]
        assert resources["requests"] == {"cpu": "250m", "memory": "512Mi"}
        assert pool == set()
    assert divided["layout.range"][1] == {"triton"}
    assert divided["documents"] == whole["documents"]


def test_what_steps_say_that_they_spent_is_read_again() -> None:
    said = Overhead({"layout_cdla": 1.5, "slanet": 0.25}, 2.0, 3, 4, 5)
    assert overhead_of(overhead_numbers(said, None)) == said
    assert overhead_of({}) == Overhead()
    assert said + said == Overhead({"layout_cdla": 3.0, "slanet": 0.5}, 4.0, 6, 8, 10)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Ran]:
    """The same batch in one step a stage, and in steps of 8 pages; the files lie at the same place."""
    files = {name: (SAMPLES / name).read_bytes() for name in (*BAD, "code_listing.pdf")}
    files |= {"long.pdf": long_pdf(PAGES), "short.pdf": long_pdf(3), "empty.pdf": b""}
    found = {}
    for most in (0, 8):
        folder = tmp_path_factory.mktemp(f"by{most}")
        manifest = made_batch(folder, files)
        success, events = run_batch(folder, manifest, most)
        assert success, [event.message for event in events if event.is_step_failure]
        found[most] = folder, manifest, events
    return found


def test_results_are_the_same_bytes(runs: dict[int, Ran]) -> None:
    (one, _, _), (many, _, _) = runs[0], runs[8]
    assert artifacts_of(stored(many)) == artifacts_of(stored(one))
    assert not list((many / "store").rglob("*.parts/*"))


def test_documents_end_in_the_same_way(runs: dict[int, Ran]) -> None:
    def ends(ran: Ran) -> list[tuple[Any, ...]]:
        folder, _, _ = ran
        rows = open_ledger(DocumentStore(str(folder / "store"))).all()
        return sorted((row.name, row.state, row.reason, row.pages) for row in rows)

    assert ends(runs[8]) == ends(runs[0])
    assert {name for name, *_ in ends(runs[0])} >= {"long.pdf", *BAD}


def steps(events: Sequence[dg.DagsterEvent], stage: str) -> list[str]:
    found = (event.step_key or "" for event in events if event.is_step_success)
    return [key.partition(".")[2] for key in found if key.startswith(f"{stage}.")]


def test_each_stage_is_divided_where_it_has_much_to_do(runs: dict[int, Ran]) -> None:
    _, manifest, events = runs[8]
    number = 1 + [document.name for document in manifest.documents].index("long.pdf")
    first, *ranges, last = steps(events, "pages")
    assert (first, last) == ("cut", "join")
    assert ranges == [
        f"range[doc{number}_page{start}_to_doc{number}_page{min(start + 7, PAGES)}]" for start in (9, 17)
    ]
    assert len(steps(events, "layout")) == 2 + 4  # of the long one and of both others
    assert steps(events, "ocr") == ["cut", "join"]
    assert steps(runs[0][2], "pages") == []


def test_numbers_are_those_of_the_stage_and_counted_once(runs: dict[int, Ran]) -> None:
    whole, divided = runs[0][2], runs[8][2]
    counted = {"documents", "converted", "partial", "quarantined", "failed", "reused", "pages"}
    for stage in (*BY_PAGES, "documents", "exports"):
        one, many = spent(whole, stage), spent(divided, stage)
        assert one.keys() == many.keys()
        same = {key for key in one if key in counted or key.startswith(("count/", "ended"))}
        assert {key: many[key] for key in same} == {key: one[key] for key in same}, stage
        assert many["reused"] == 0
    for stage in ("pages", "layout"):
        numbers = spent(divided, stage)
        outputs = [
            {key: float(value.value) for key, value in event.step_output_data.metadata.items()}  # type: ignore[arg-type]
            for event in divided
            if event.is_successful_output
            and (event.step_key or "").startswith(f"{stage}.")
            and event.step_output_data.output_name == "spent"
        ]
        assert sum(each["pages"] for each in outputs) == numbers["pages"]
        said = sum(each["overhead_cpu_seconds"] for each in outputs)
        assert said > 0
        # and the start of the last step's workers, if it had any
        assert numbers["overhead_cpu_seconds"] == pytest.approx(said, abs=0.5)
        assert numbers["overhead_cpu_seconds"] >= round(said, 6) - 1e-6
        assert numbers["wall_seconds"] >= max(each["wall_seconds"] for each in outputs)


def test_a_batch_that_is_done_is_done_again_without_ranges(runs: dict[int, Ran]) -> None:
    folder, manifest, _ = runs[8]
    before = artifacts_of(stored(folder))
    success, events = run_batch(folder, manifest, 8)
    assert success
    for stage in BY_PAGES:
        assert steps(events, stage) == ["cut", "join"]
        assert spent(events, stage)["reused"] == spent(events, stage)["converted"]
    assert artifacts_of(stored(folder)) == before
