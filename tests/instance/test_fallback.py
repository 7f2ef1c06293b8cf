"""Stages that the embedded models do while their server is away, and that it does again when it is back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.defs.resources import conversion_of, default_resources
from docmill.pipeline.instance.reporting.spending import numbers_of
from docmill.pipeline.instance.runs.served import resolved_for
from docmill.pipeline.intake.batches import CONVERT, INBOX, DocumentRef, Manifest, write_manifest
from docmill.pipeline.intake.overdue import OVERDUE_COLUMNS, overdue_batches
from docmill.pipeline.stages.conversion import FELL_BACK, Conversion
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.sources import content_hash
from docmill.resources.settings.layout import Layout, TritonLayoutConfig
from docmill.resources.settings.ocr import Ocr, OcrOffConfig, TritonOcrConfig
from docmill.resources.settings.tables import Tables, TritonTablesConfig
from docmill.resources.settings.workers import Workers
from docmill.resources.store import Store
from docmill.resources.triton import Triton
from tests.support.kserve_server import KServeServer, Model
from tests.support.model_cache import weights
from tests.support.served_heron import heron
from tests.support.stage_runs import Told

SAMPLE = Path(__file__).parents[1] / "samples" / "form.pdf"
#: Nobody listens there.
NOWHERE = "127.0.0.1:9"


class Watched(Told):
    """Does something when the stage `layout` has begun: its step has asked the server then."""

    def __init__(self, then: Callable[[], None] | None = None) -> None:
        super().__init__()
        self._then = then

    def __call__(self, log: object) -> Watched:
        return self

    def begin(self, stage: str, documents: int) -> None:
        if stage == "layout" and self._then:
            then, self._then = self._then, None
            then()


@dataclass
class Place:
    """A batch of one document, whose layout a server is to do."""

    instance: dg.DagsterInstance
    folder: Path
    origin: str = INBOX

    @property
    def store(self) -> DocumentStore:
        return DocumentStore(str(self.folder / "store"))

    @property
    def manifest(self) -> Manifest:
        document = DocumentRef(content_hash(SAMPLE), SAMPLE.name, str(SAMPLE), SAMPLE.stat().st_size)
        return write_manifest(self.store, [document], self.origin)

    def resources(self, url: str, fallback: str = "embedded") -> dict[str, Any]:
        return {
            "store": Store(url=str(self.folder / "store")),
            "layout": Layout(backend=TritonLayoutConfig(model="heron", url=url)),
            "ocr": Ocr(backend=OcrOffConfig()),
            "workers": Workers(count=1),
            "triton": Triton.model_validate(
                {"fallback": fallback, "redo_fallback": "0 3 * * *", "patience_s": 0.5, "retries": 1}
            ),
        }

    def run(
        self, url: str, fallback: str = "embedded", then: Callable[[], None] | None = None
    ) -> dg.ExecuteInProcessResult:
        """Run the batch; `then` is done when the layout has begun."""
        key = self.manifest.key
        self.instance.add_dynamic_partitions("batches", [key])
        made = self.resources(url, fallback) | {"progress": Watched(then)}
        job = docmill_definitions(resources=made).resolve_job_def("convert_documents")
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        return job.execute_in_process(
            instance=self.instance, partition_key=key, run_config=quiet, raise_on_error=False
        )

    def conversion(self, url: str, **others: Any) -> Conversion:
        return conversion_of(default_resources() | self.resources(url) | others)

    def said(self, stage: str = "layout") -> dict[str, Any]:
        """The metadata of the last materialization."""
        event = self.instance.get_latest_materialization_event(dg.AssetKey(stage))
        assert event is not None and event.asset_materialization is not None
        return dict(event.asset_materialization.metadata)

    def engines(self, print_: str) -> dict[str, Any]:
        """What the document says that it was made by."""
        [path] = [each for each in self.store.list("documents") if each.endswith(f"{print_}/metadata.json")]
        found: dict[str, Any] = json.loads(self.store.read(path))["engines"]
        return found

    def redone(self, url: str) -> list[Any]:
        """What the schedule asks for."""
        made = self.resources(url)
        defs = docmill_definitions(resources=made)
        [schedule] = [each for each in defs.schedules or () if each.name == "redo_fallback"]
        assert isinstance(schedule, dg.ScheduleDefinition)
        given = {**(defs.resources or {})}
        needed = {name: given[name] for name in schedule.required_resource_keys}
        with dg.build_schedule_context(
            instance=self.instance,
            scheduled_execution_time=datetime(2026, 11, 25, 3, tzinfo=UTC),
            resources=needed,
        ) as context:
            ticked = schedule(context)
            assert isinstance(ticked, Iterator)
            return list(ticked)


@pytest.fixture
def place(instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    weights("tables")
    monkeypatch.setenv("DOCMILL_MODELS", str(weights("layout").parent))
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    return Place(instance, tmp_path)


@pytest.fixture
def model() -> Model:
    return heron("a")


def test_what_the_embedded_model_did_is_marked_and_done_again_by_the_server(
    place: Place, model: Model
) -> None:
    result = place.run(NOWHERE)
    assert result.success
    said = place.said()
    assert said["fallback"].value == "embedded"
    assert numbers_of(said)["fallback_documents"] == 1
    assert numbers_of(said)["fallback_pages"] == numbers_of(said)["pages"] > 0
    assert not any(key.startswith("served/") for key in said)
    assert "fallback" not in place.said("tables")
    run = place.instance.get_run_by_id(result.run_id)
    assert run is not None and json.loads(run.tags["docmill/served.layout"]) == FELL_BACK
    embedded = place.conversion(NOWHERE, layout=Layout()).fingerprints
    fallen = place.conversion(NOWHERE).with_served({"layout": FELL_BACK}).fingerprints
    assert fallen["layout"] == embedded["layout"]
    assert place.engines(fallen["documents"])["layout"]["backend"] == "embedded"
    # while it is away nothing is asked for
    [skipped] = place.redone(NOWHERE)
    assert skipped.skip_message == "the server is away of layout"
    with KServeServer({"heron": model}) as server:
        [request] = place.redone(server.url)
        assert request.partition_key == place.manifest.key
        assert request.tags["docmill/why"] == "fallback"
        assert place.run(server.url).success
        assert len(model.requests) > 0
        served = place.conversion(server.url).asked().fingerprints
        assert served["layout"] != fallen["layout"]
        assert place.said()["served/heron"].value == "a"
        assert "fallback_pages" not in place.said()
        assert place.engines(served["documents"])["layout"]["served"] == {"heron": "a"}
        [row] = open_ledger(place.store).all()
        assert row.last_print == served["exports"]
        [skipped] = place.redone(server.url)
        assert "done while a server was away" in skipped.skip_message
    # both results are there, and each is found again under its own name
    asked = len(model.requests)
    assert place.run(NOWHERE).success
    assert numbers_of(place.said())["fallback_pages"] == 0
    assert numbers_of(place.said())["reused"] == 1
    assert len(model.requests) == asked


def test_a_step_whose_server_goes_away_is_tried_again_without_it(place: Place, model: Model) -> None:
    with ExitStack() as stack:
        server = stack.enter_context(KServeServer({"heron": model}))
        result = place.run(server.url, then=stack.close)
    assert result.success
    assert result.retry_attempts_for_node("layout") == 1
    assert place.said()["fallback"].value == "embedded"


def test_without_the_setting_the_step_waits_for_its_server(place: Place) -> None:
    made = conversion_of(default_resources() | place.resources(NOWHERE, "off"))
    run = place.instance.create_run_for_job(docmill_definitions().resolve_job_def("convert_documents")).run_id
    with pytest.raises(BackendUnavailableError):
        resolved_for(made, "layout", place.instance, run)
    assert made.fallback_fingerprints("exports") == set()


def test_each_stage_falls_back_by_itself(place: Place, model: Model) -> None:
    """Later steps go by what the step of a stage noted, and that one looks again each time."""
    run = place.instance.create_run_for_job(docmill_definitions().resolve_job_def("convert_documents")).run_id
    tables = {"tables": Tables(backend=TritonTablesConfig(url=NOWHERE))}
    made = place.conversion(NOWHERE, **tables)
    assert resolved_for(made, "layout", place.instance, run).fell_back("layout")
    with KServeServer({"heron": model}) as server:
        back = place.conversion(server.url, **tables)
        later = resolved_for(back, "tables", place.instance, run)
        assert later.fell_back("layout") and later.fell_back("tables")
        again = resolved_for(back, "layout", place.instance, run)
        assert again.served["layout"] == {"heron": "a"}
        last = resolved_for(back, "exports", place.instance, run)
        assert not last.fell_back("layout") and last.fell_back("tables")
        prints = back.asked(["layout"]).fallback_fingerprints("exports")
        assert last.fingerprints["exports"] in prints
        assert later.fingerprints["exports"] in prints
        assert len(prints) == 2  # nobody knows what the server of the tables would have


def test_no_model_stands_for_one_that_may_read_other_scripts(place: Place) -> None:
    served = Ocr(backend=TritonOcrConfig(contract="docling", url=NOWHERE))
    assert place.conversion(NOWHERE, ocr=served).stages["ocr"].fallback is None
    own = Ocr(backend=TritonOcrConfig(url=NOWHERE))
    spare = place.conversion(NOWHERE, ocr=own).stages["ocr"].fallback
    assert spare is not None and spare.server is None


def test_what_somebody_converted_by_hand_is_left(place: Place) -> None:
    by_hand = Place(place.instance, place.folder, CONVERT)
    assert by_hand.run(NOWHERE).success
    prints = by_hand.conversion(NOWHERE).fallback_fingerprints("exports")
    tables = list(open_ledger(by_hand.store).documents.scan(OVERDUE_COLUMNS))
    assert {row.last_print for row in open_ledger(by_hand.store).all()} == prints
    assert overdue_batches(tables, None, ["fallback"], fallbacks=prints) == []


def test_the_schedule_is_there_where_it_is_set() -> None:
    def names(**settings: Any) -> set[str]:
        return {
            each.name
            for each in docmill_definitions(resources={"triton": Triton(**settings)}).schedules or ()
        }

    assert names() == {"nightly_backfill", "daily_report"}
    assert names(redo_fallback="0 3 * * *") == {"nightly_backfill", "daily_report", "redo_fallback"}
