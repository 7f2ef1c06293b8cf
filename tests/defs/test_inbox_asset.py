"""The asset `inbox`: what observations say, and that they leave what was made of it alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from docmill.pipeline.defs.assets.inbox import inbox_asset, seen_by_sensor
from docmill.pipeline.defs.assets.stage_assets import stage_assets
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.names import Names
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.defs.resources import default_resources
from docmill.pipeline.intake.batches import DocumentRef, write_manifest
from docmill.pipeline.intake.inbox import Cursor, Look
from docmill.pipeline.intake.inbox_view import view_inbox
from docmill.pipeline.stages.pages import PagesStage
from docmill.resources.clients.files.document_store import DocumentStore
from docmill.resources.clients.files.listing import Listing
from docmill.resources.clients.files.sources import content_hash
from docmill.resources.inbox import Inbox
from docmill.resources.settings.workers import Workers
from docmill.resources.store import Store

SAMPLE = Path(__file__).parents[1] / "samples" / "form.pdf"
STAGES = (PagesStage,)
KEY = dg.AssetKey("inbox")


def put(tmp_path: Path, *names: str) -> None:
    (tmp_path / "in").mkdir(exist_ok=True)
    for name in names:
        (tmp_path / "in" / name).write_text(name)


def definitions(tmp_path: Path, url: str | None = None, **settings: Any) -> dg.Definitions:
    """The inbox, what is read of it, and a job that observes it."""
    resources = default_resources(STAGES)
    resources["inbox"] = Inbox(url=str(tmp_path / "in") if url is None else url, **settings)
    resources |= {"store": Store(url=str(tmp_path / "store")), "workers": Workers(count=1)}
    return dg.Definitions(
        assets=[
            inbox_asset(Names(), resources["inbox"]),
            *stage_assets(STAGES, resources, intake=[KEY]),
        ],
        jobs=[
            dg.define_asset_job("look", selection=[KEY]),
            dg.define_asset_job("read", selection=dg.AssetSelection.groups("convert")),
        ],
        resources=resources,
    )


def observe(made: dg.Definitions, instance: dg.DagsterInstance) -> dg.AssetObservation | None:
    result = made.resolve_job_def("look").execute_in_process(instance=instance, raise_on_error=False)
    seen = [found for each in result.all_events if (found := _observation(each))]
    return seen[0] if result.success and seen else None


def _observation(event: dg.DagsterEvent) -> dg.AssetObservation | None:
    if event.event_type is not dg.DagsterEventType.ASSET_OBSERVATION:
        return None
    found: dg.AssetObservation = event.asset_observation_data.asset_observation
    return found


def values(observation: dg.AssetObservation | None) -> dict[str, Any]:
    assert observation is not None
    return {name: value.value for name, value in observation.metadata.items()}


# --- the look ---


def test_an_observation_says_what_lies_there(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    put(tmp_path, "a.pdf", "b.PDF", "notes.txt")
    before = datetime.now(UTC).timestamp()
    made = definitions(tmp_path)
    seen = values(observe(made, instance))
    assert (seen["place"], seen["files"], seen["pdfs"], seen["whole"]) == (
        str(tmp_path / "in"),
        3.0,
        2.0,
        True,
    )
    assert abs(seen["newest"] - before) < 60
    assert seen["megabytes"] == pytest.approx(
        sum(len(name) for name in ("a.pdf", "b.PDF", "notes.txt")) / 1e6
    )
    assert values(observe(made, instance))["view"] == seen["view"]
    put(tmp_path, "c.pdf")
    assert values(observe(made, instance))["view"] != seen["view"]


def test_an_observation_is_bounded(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    put(tmp_path, *(f"{number}.pdf" for number in range(9)))
    seen = values(observe(definitions(tmp_path, keys_per_tick=4), instance))
    assert (seen["files"], seen["whole"]) == (4.0, False)
    assert view_inbox(Listing(str(tmp_path / "in")), 9, 60.0).whole
    late = view_inbox(Listing(str(tmp_path / "in")), 9, -1.0)
    assert (late.files, late.newest, late.whole) == (0, None, False)


def test_without_an_inbox_an_observation_says_so(
    tmp_path: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DOCMILL_INBOX", raising=False)
    seen = values(observe(definitions(tmp_path, url=""), instance))
    assert seen["files"] == 0.0
    assert "DOCMILL_INBOX" in seen["note"]


def test_of_an_inbox_that_is_not_there_there_is_no_observation(
    tmp_path: Path, instance: dg.DagsterInstance
) -> None:
    result = (
        definitions(tmp_path)
        .resolve_job_def("look")
        .execute_in_process(instance=instance, raise_on_error=False)
    )
    [failure] = [each for each in result.all_events if each.is_step_failure]
    told = failure.step_failure_data.user_failure_data
    assert told is not None
    assert "there is no inbox at" in (told.description or "")


@pytest.mark.parametrize(
    ("place", "kinds"), [("", {"pdf"}), ("/in", {"pdf", "folder"}), ("s3://bucket/in", {"pdf", "s3"})]
)
def test_its_kind_is_that_of_the_place(place: str, kinds: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DOCMILL_INBOX", raising=False)
    [spec] = inbox_asset(Names(("docs",)), Inbox(url=place)).specs
    assert (spec.kinds, spec.key) == (kinds, dg.AssetKey(["docs", "inbox"]))


# --- what is downstream ---


def statuses(made: dg.Definitions, instance: dg.DagsterInstance, key: str) -> StaleStatus:
    """As Dagster's UI shows it; there is no public way to ask."""
    graph = made.resolve_asset_graph()
    resolver = CachingStaleStatusResolver(instance, graph, LoadingContextForTest(instance))
    return resolver.get_status(dg.AssetKey("pages"), key)


def batch(tmp_path: Path) -> str:
    document = DocumentRef(content_hash(SAMPLE), SAMPLE.name, str(SAMPLE), SAMPLE.stat().st_size)
    return write_manifest(DocumentStore(str(tmp_path / "store")), [document]).key


def test_what_was_read_of_it_stays_fresh(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    """A file more changes nothing of the batches that there are."""
    made, key = definitions(tmp_path), batch(tmp_path)
    instance.add_dynamic_partitions(BATCHES, [key])
    assert statuses(made, instance, key) is StaleStatus.MISSING
    read = made.resolve_job_def("read").execute_in_process(instance=instance, partition_key=key)
    assert read.success  # though the inbox was never observed, and is not there
    assert [each.node_name for each in read.all_node_events if each.is_step_success] == ["pages"]
    assert statuses(made, instance, key) is StaleStatus.FRESH
    put(tmp_path, "a.pdf")
    observe(made, instance)
    put(tmp_path, "b.pdf")
    assert observe(made, instance) is not None
    assert statuses(made, instance, key) is StaleStatus.FRESH
    instance.report_runless_asset_event(
        dg.AssetObservation(KEY, tags={"dagster/data_version": "of the whole inbox"})
    )
    assert statuses(made, instance, key) is StaleStatus.STALE  # hence observations have none


def test_lineage_begins_with_it() -> None:
    graph = defs.resolve_asset_graph()
    assert graph.get(dg.AssetKey("pages")).parent_keys == {KEY}
    assert graph.get(KEY).is_observable
    job = defs.resolve_job_def("convert_documents")
    assert KEY not in job.asset_layer.selected_asset_keys


# --- the sensor ---


def test_a_look_that_found_nothing_new_is_no_observation(tmp_path: Path) -> None:
    look = Look([], [], Cursor(), listed=7, identified=0, swept=True)
    assert seen_by_sensor(look, "s3://bucket/in", KEY) == []
    store = DocumentStore(str(tmp_path / "store"))
    manifest = write_manifest(store, [DocumentRef("1" * 64, "a.pdf", "/in/a.pdf", 1)])
    look = Look([manifest], [], Cursor(), listed=7, identified=1, swept=False)
    [seen] = seen_by_sensor(look, "s3://bucket/in", dg.AssetKey(["docs", "inbox"]))
    assert (seen.asset_key, seen.data_version) == (dg.AssetKey(["docs", "inbox"]), None)
    assert values(seen) == {
        "place": "s3://bucket/in",
        "files_listed": 7.0,
        "files_new": 1.0,
        "files_left_out": 0.0,
        "batches": 1.0,
        "documents": 1.0,
        "documents_waiting": 0.0,
        "whole": False,
    }
