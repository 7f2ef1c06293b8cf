"""A stage more takes a module of its own and a place in the list of stages; nothing else knows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dagster as dg

from docmill.pipeline.defs.assets.stage_assets import stage_assets
from docmill.pipeline.defs.partitions import BATCHES
from docmill.pipeline.defs.resources import default_resources
from docmill.pipeline.intake.batches import DocumentRef, write_manifest
from docmill.pipeline.stages.checks import FAILURE_RATE
from docmill.pipeline.stages.pages import PagesStage
from docmill.resources.clients.files.sources import content_hash
from docmill.resources.settings.workers import Workers
from docmill.resources.store import Store
from tests.support.added_stage import CountExtra, Counting, CountStage, PageCount

SAMPLE = Path(__file__).parents[1] / "samples" / "financial_statement.pdf"
#: The registration.
STAGES = (PagesStage, CountStage)


def materialized(instance: dg.DagsterInstance, store: Store, key: str, **settings: Any) -> dg.EventLogEntry:
    resources = default_resources(STAGES)
    resources |= {"store": store, "workers": Workers(count=1), "counting": Counting(**settings)}
    done = dg.materialize(
        stage_assets(STAGES, resources), resources=resources, instance=instance, partition_key=key
    )
    assert done.success
    event = instance.get_latest_materialization_event(dg.AssetKey("count"))
    assert event is not None
    return event


def long_words(event: dg.EventLogEntry) -> float:
    assert event.asset_materialization is not None
    value = event.asset_materialization.metadata["count/long_words"].value
    assert isinstance(value, int | float)
    return value


def test_its_asset_its_settings_and_its_artifacts_follow_from_it(tmp_path: Path) -> None:
    store = Store(url=str(tmp_path / "store"))
    document = DocumentRef(content_hash(SAMPLE), SAMPLE.name, str(SAMPLE), SAMPLE.stat().st_size)
    manifest = write_manifest(store.open(), [document])
    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster")) as instance:
        instance.add_dynamic_partitions(BATCHES, [manifest.key])
        every = materialized(instance, store, manifest.key, shortest=1)
        some = materialized(instance, store, manifest.key, shortest=6)
        again = materialized(instance, store, manifest.key, shortest=6)
    counts = [long_words(event) for event in (every, some, again)]
    assert counts[0] > counts[1] > 0
    assert counts[2] == counts[1]
    [first, second] = sorted((tmp_path / "store" / "documents").glob("*/*/count/*.json.zst"))
    assert first != second  # a setting is another result
    assert again.asset_materialization is not None
    assert again.asset_materialization.metadata["reused"].value == 1.0


class OffStage(CountStage):
    """One that a conversion leaves out, checks and all."""

    checks = (FAILURE_RATE,)

    @property
    def active(self) -> bool:
        return False


def test_the_checks_of_a_stage_that_is_off_pass(tmp_path: Path) -> None:
    stages = (OffStage,)
    resources = default_resources(stages) | {"store": Store(url=str(tmp_path / "store"))}
    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster")) as instance:
        instance.add_dynamic_partitions(BATCHES, ["any"])
        assets = stage_assets(stages, resources)
        done = dg.materialize(assets, resources=resources, instance=instance, partition_key="any")
    [check] = done.get_asset_check_evaluations()
    assert (done.success, check.passed, check.description) == (True, True, "it is off")


def test_its_own_words_are_typed() -> None:
    stage = CountStage(3)
    assert stage.failed_page(2, "broken") == PageCount(2)
    assert CountExtra().shortest == 0
    [definition] = [
        each for each in stage_assets(STAGES, default_resources(STAGES)) if "count" in str(each.key)
    ]
    assert definition.required_resource_keys >= {"counting", "store", "workers", "checks"}
