"""Runs of the job on a server whose weights change: what is made again, what is found, and what is noted."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import grpc
import numpy as np
import pytest
from pytest import approx

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.defs.resources import conversion_of, default_resources
from docmill.pipeline.instance.metrics.counting import LogCounts
from docmill.pipeline.instance.metrics.standing import Gauge
from docmill.pipeline.instance.reporting.spending import numbers_of
from docmill.pipeline.instance.runs.served import as_noted, resolved_for
from docmill.pipeline.intake.batches import INBOX, DocumentRef, write_manifest
from docmill.pipeline.stages.conversion import Conversion
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import content_hash
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.settings.ocr import Ocr, TritonOcrConfig
from docmill.resources.store import Store
from tests.support.kserve_server import KServeServer, Model
from tests.support.model_cache import weights
from tests.support.served_heron import heron
from tests.support.stage_runs import Told

SAMPLE = Path(__file__).parents[1] / "samples" / "form.pdf"
TAG = "docmill/served.layout"
LAYOUT = dg.AssetKey("layout")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DocumentStore:
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("tables").parent))
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "store"))
    return DocumentStore(str(tmp_path / "store"))


@dataclass
class Watched(Told):
    """Does something when a stage has begun: its step has asked the server then."""

    at: dict[str, Callable[[], None]] = field(default_factory=dict)

    def __call__(self, log: object) -> Watched:
        return self

    def begin(self, stage: str, documents: int) -> None:
        super().begin(stage, documents)
        self.at.pop(stage, lambda: None)()


@dataclass
class Place:
    """A batch of one document, and the server that does its layout."""

    instance: dg.DagsterInstance
    store: DocumentStore
    url: str

    def run(self, retries: int = 10, **at: Callable[[], None]) -> dg.ExecuteInProcessResult:
        """Run the batch; `at` is done when a stage has begun. The client makes so many retries."""
        document = DocumentRef(content_hash(SAMPLE), SAMPLE.name, str(SAMPLE), SAMPLE.stat().st_size)
        key = write_manifest(self.store, [document], INBOX).key
        self.instance.add_dynamic_partitions(BATCHES, [key])
        backend = {"triton": {"contract": "heron", "model": "heron", "url": self.url}}
        layout = {"backend": backend}
        return defs.resolve_job_def("convert_documents").execute_in_process(
            instance=self.instance,
            partition_key=key,
            resources={"progress": Watched(at=at)},
            run_config={
                "resources": {
                    "layout": {"config": layout},
                    "triton": {"config": {"retries": retries}},
                    "ocr": {"config": {"backend": {"off": {}}}},
                    "workers": {"config": {"count": 1}},
                },
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
            raise_on_error=False,
        )

    def artifacts(self, stage: str) -> set[str]:
        """Their fingerprints."""
        paths = (path.split("/") for path in self.store.list("documents"))
        return {parts[4].partition(".")[0] for parts in paths if parts[3] == stage}

    def noted(self, result: dg.ExecuteInProcessResult) -> dict[str, str]:
        run = self.instance.get_run_by_id(result.run_id)
        assert run is not None
        found: dict[str, str] = json.loads(run.tags[TAG])
        return found

    def version(self, stage: str) -> str:
        """The data version that Dagster's UI has of the stage."""
        event = self.instance.get_latest_materialization_event(dg.AssetKey(stage))
        assert event is not None
        assert event.asset_materialization is not None
        return (event.asset_materialization.tags or {})["dagster/data_version"]


@pytest.fixture
def model() -> Model:
    return heron("a")


@pytest.fixture
def place(instance: dg.DagsterInstance, store: DocumentStore, model: Model) -> Iterator[Place]:
    with KServeServer({"heron": model}) as server:
        yield Place(instance, store, server.url)


def swap(model: Model, digest: str) -> Callable[[], None]:
    return lambda: model.parameters.update(digest=digest)


def test_new_weights_behind_the_same_name_are_another_result(place: Place, model: Model) -> None:
    assert place.run().success
    first, asked = place.artifacts("layout"), len(model.requests)
    assert len(first) == 1
    assert asked > 0
    assert place.version("layout") in first
    assert place.run().success
    assert (place.artifacts("layout"), len(model.requests)) == (first, asked)
    model.parameters["digest"] = "b"
    before = place.artifacts("pages")
    result = place.run()
    assert result.success
    assert place.noted(result) == {"heron": "b"}
    assert len(model.requests) == 2 * asked
    assert place.version("layout") in place.artifacts("layout") - first
    assert len(place.artifacts("exports")) == 2
    assert place.artifacts("pages") == before


def test_a_new_version_of_a_model_without_a_digest_is_another_result(place: Place, model: Model) -> None:
    model.parameters.clear()
    assert place.run().success
    model.versions = ("1", "2")
    result = place.run()
    assert place.noted(result) == {"heron": "version 2"}
    assert len(place.artifacts("layout")) == 2


def test_weights_that_change_between_two_steps_leave_the_run_what_it_has(place: Place, model: Model) -> None:
    result = place.run(tables=swap(model, "b"))
    assert result.success
    assert place.noted(result) == {"heron": "a"}
    for stage in ("layout", "tables", "documents", "exports"):
        assert len(place.artifacts(stage)) == 1, stage
    [path] = [each for each in place.store.list("documents") if each.endswith("metadata.json")]
    engines = json.loads(place.store.read(path))["engines"]
    assert engines["layout"]["served"] == {"heron": "a"}
    assert "served" not in engines["tables"]


def test_weights_that_change_within_a_step_do_the_step_again(place: Place, model: Model) -> None:
    result = place.run(layout=swap(model, "b"))
    assert result.success
    assert result.retry_attempts_for_node("layout") == 1
    assert place.noted(result) == {"heron": "b"}
    # what the server was asked for under the digest before was not kept
    assert len(place.artifacts("layout")) == 1
    assert place.artifacts("layout") == {place.version("layout")}


def test_what_a_step_spent_that_failed_is_seen_and_counted_once(place: Place, model: Model) -> None:
    answer = model.answer

    def booked(inputs: list[np.ndarray]) -> list[np.ndarray]:
        model.inferences += len(inputs[0])
        model.device_ns += 2 * 10**9 * len(inputs[0])
        return answer(inputs)

    model.answer = booked
    assert place.run(layout=swap(model, "b")).success
    once = 2.0 * len(model.requests) / 2
    observed = [each.asset_observation for each in place.instance.fetch_observations(LAYOUT, limit=9).records]
    spent = [numbers_of(each.metadata) for each in observed if each]
    [failed] = spent
    assert failed["overhead_gpu_seconds/heron"] == approx(once)
    assert failed["overhead_cpu_seconds"] > 0
    assert (failed["cpu_seconds"], failed["pages"]) == (0.0, 0.0)
    end = place.instance.get_latest_materialization_event(dg.AssetKey("exports"))
    assert end is not None
    assert end.asset_materialization is not None
    run = numbers_of(end.asset_materialization.metadata)
    assert run["gpu_seconds"] == approx(once)
    assert run["overhead_gpu_seconds"] == approx(once)
    for _ in range(2):
        counts = LogCounts(place.instance, {"layout": LAYOUT}, place.store)
        counts.read_on(datetime.now(UTC))
        assert counts.tally.counts("docmill_overhead_device_seconds") == {("layout", "heron"): approx(once)}
        assert counts.tally.counts("docmill_device_seconds") == {("layout", "heron"): approx(once)}


def test_a_server_that_a_step_gave_up_is_counted_and_forgotten_when_a_batch_gets_through(
    place: Place, model: Model
) -> None:
    model.failures = [grpc.StatusCode.UNAVAILABLE]
    result = place.run(retries=0)
    assert result.success
    assert result.retry_attempts_for_node("layout") == 1
    counts = LogCounts(place.instance, {"layout": dg.AssetKey("layout")}, place.store)
    shown = counts.read_on(datetime.now(UTC))
    assert counts.tally.counts("docmill_breaker_openings") == {("layout", "heron"): 1}
    assert list(shown) == [Gauge("docmill_breaker_open", 0.0, ("layout", "heron"))]


def test_the_metadata_of_an_asset_says_what_did_it(place: Place) -> None:
    place.run()
    event = place.instance.get_latest_materialization_event(dg.AssetKey("layout"))
    assert event is not None
    assert event.asset_materialization is not None
    assert event.asset_materialization.metadata["served/heron"].value == "a"


# --- steps that are processes of their own ---


def conversion(url: str, tmp_path: Path) -> Conversion:
    """OCR and layout on a server."""
    resources: dict[str, Any] = default_resources() | {
        "store": Store(url=str(tmp_path / "store")),
        "layout": Layout(backend=TritonLayoutConfig(model="heron", url=url)),
        "ocr": Ocr(backend=TritonOcrConfig(contract="docling", model="reader", url=url)),
    }
    return conversion_of(resources)


def made_run(instance: dg.DagsterInstance, parent: str | None = None) -> str:
    job = defs.resolve_job_def("convert_documents")
    return instance.create_run_for_job(job, parent_run_id=parent, root_run_id=parent).run_id


def test_each_stage_is_asked_for_by_its_own_step_and_known_to_those_after_it(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    layout, ocr = heron("a"), heron("r")
    with KServeServer({"heron": layout, "reader": ocr}) as server:
        made, run = conversion(server.url, tmp_path), made_run(instance)
        assert resolved_for(made, "pages", instance, run).served == {}
        assert resolved_for(made, "ocr", instance, run).served == {"ocr": {"reader": "r"}}
        ocr.parameters["digest"], layout.parameters["digest"] = "R", "b"
        assert resolved_for(made, "layout", instance, run).served == {
            "ocr": {"reader": "r"},
            "layout": {"heron": "b"},
        }
        layout.parameters["digest"] = "c"
        tables = resolved_for(made, "tables", instance, run)
        assert tables.served == {"ocr": {"reader": "r"}, "layout": {"heron": "b"}}
        # the step itself, tried again, tells what there is now
        again = resolved_for(made, "layout", instance, run)
        assert again.served["layout"] == {"heron": "c"}
        assert again.fingerprints["layout"] != tables.fingerprints["layout"]
        assert again.fingerprints["ocr"] == tables.fingerprints["ocr"]
    # nobody is asked for what is noted
    exports = resolved_for(made, "exports", instance, run)
    assert exports.fingerprints == as_noted(made, instance, run).fingerprints
    assert exports.served == again.served
    with pytest.raises(BackendUnavailableError, match="no Triton server answers"):
        resolved_for(made, "layout", instance, run)


def test_a_run_that_goes_on_from_another_finds_what_that_one_made(
    instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    layout = heron("a")
    with KServeServer({"heron": layout, "reader": heron("r")}) as server:
        made, first = conversion(server.url, tmp_path), made_run(instance)
        before = resolved_for(made, "layout", instance, first)
        layout.parameters["digest"] = "b"
        later = made_run(instance, parent=first)
        assert resolved_for(made, "tables", instance, later).served == before.served
        assert resolved_for(made, "layout", instance, later).served["layout"] == {"heron": "b"}
        assert resolved_for(made, "tables", instance, later).served["layout"] == {"heron": "b"}
        assert resolved_for(made, "tables", instance, first).served == before.served
        # steps that somebody runs by themselves have nobody's notes
        alone = made_run(instance)
        assert resolved_for(made, "tables", instance, alone).served["layout"] == {"heron": "b"}
