"""Everything that users see of the definitions says what it is, whose it is, and what it needs."""

from __future__ import annotations

import json

import dagster as dg
import pytest
from dagster_k8s.job import UserDefinedDagsterK8sConfig, get_user_defined_k8s_config
from kubernetes.utils.quantity import parse_quantity

from docmill.pipeline.defs.assets.stage_assets import stage_assets
from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.labels import OWNERS
from docmill.pipeline.defs.resources import default_resources
from docmill.pipeline.stages.exports import ExportsStage
from docmill.pipeline.stages.footprint import BASE_MB, Footprint
from docmill.pipeline.stages.ocr import OcrStage
from docmill.pipeline.stages.pages import PagesStage
from docmill.pipeline.stages.registry import STAGES
from docmill.pipeline.stages.running.pool import WorkerLimits
from docmill.pipeline.stages.understanding import UnderstandingStage
from docmill.resources.settings.ocr import Ocr, OcrOffConfig
from docmill.resources.settings.understanding import Understanding
from docmill.resources.settings.workers import Workers

GRAPH = defs.resolve_asset_graph()
GIB = 1 << 30


def assets_of(**resources: object) -> dict[str, dg.AssetsDefinition]:
    made = default_resources() | resources
    return {each.key.path[-1]: each for each in stage_assets(STAGES, made)}


def k8s_config(asset: dg.AssetsDefinition) -> UserDefinedDagsterK8sConfig:
    """What the Kubernetes executor reads of a step."""
    tags = {
        key: value if isinstance(value, str) else json.dumps(value) for key, value in asset.op.tags.items()
    }
    config: UserDefinedDagsterK8sConfig = get_user_defined_k8s_config(tags)
    return config


def container(asset: dg.AssetsDefinition) -> dict[str, dict[str, float]]:
    """Requests and limits as the Kubernetes executor reads them: CPUs, and bytes."""
    resources = k8s_config(asset).container_config["resources"]
    return {
        kind: {name: float(parse_quantity(value)) for name, value in quantities.items()}
        for kind, quantities in resources.items()
    }


def test_every_asset_has_an_owner_a_group_tags_and_a_description() -> None:
    nodes = list(GRAPH.asset_nodes)
    assert len(nodes) == len(STAGES) + 2
    for node in nodes:
        assert (list(node.owners), bool(node.description)) == (list(OWNERS), True), node.key
        assert node.group_name in ("intake", "convert", "report"), node.key
        assert node.tags["docmill/unit"] in ("file", "page", "document", "corpus"), node.key
        assert node.tags["docmill/compute"] in ("step", "workers", "triton", "vllm"), node.key


def test_every_check_has_a_description() -> None:
    assert GRAPH.asset_check_keys
    for key in GRAPH.asset_check_keys:
        assert GRAPH.get_check_spec(key).description, key


def test_every_job_schedule_and_sensor_has_a_description() -> None:
    jobs = [job for job in defs.resolve_all_job_defs() if not job.name.startswith("__")]
    schedules, sensors = list(defs.schedules or ()), list(defs.sensors or ())
    assert (len(jobs), len(schedules), len(sensors)) == (3, 2, 6)
    for each in [*jobs, *schedules, *sensors]:
        assert each.description, each.name


def test_owners_are_a_setting() -> None:
    graph = docmill_definitions(owners=["team:archive"]).resolve_asset_graph()
    assert {tuple(node.owners) for node in graph.asset_nodes} == {("team:archive",)}


# --- kinds ---


def kinds(assets: dict[str, dg.AssetsDefinition], name: str) -> set[str]:
    [spec] = assets[name].specs
    return spec.kinds


def test_kinds_are_true() -> None:
    assets = assets_of()
    assert {name: kinds(assets, name) for name in assets} == {
        "pages": {"pdf"},
        "ocr": {"onnx"},
        "layout": {"onnx"},
        "tables": {"onnx"},
        "understanding": set(),  # it is off
        "documents": {"docling"},
        "exports": {"html", "json", "markdown"},
    }
    assets = assets_of(
        ocr=Ocr(backend=OcrOffConfig()),
        understanding=Understanding(mode="all"),
        exports=default_resources()["exports"].model_copy(update={"formats": ["md", "chunks"]}),
    )
    assert kinds(assets, "ocr") == set()
    assert kinds(assets, "understanding") == {"vllm"}
    assert (
        assets["understanding"].specs_by_key[dg.AssetKey("understanding")].tags["docmill/compute"] == "vllm"
    )
    assert kinds(assets, "exports") == {"chunks", "markdown"}
    assert ExportsStage(("md", "html", "json", "doctags", "chunks")).kinds == {"chunks", "doctags", "html"}
    assert OcrStage().kinds == frozenset()


# --- what Kubernetes is told ---


def test_every_step_says_what_its_pod_needs() -> None:
    for name, asset in assets_of().items():
        told = container(asset)
        assert 0 < told["requests"]["cpu"] <= told["limits"]["cpu"], name
        assert GIB / 2 <= told["requests"]["memory"] <= told["limits"]["memory"], name


def test_no_step_gets_a_token_of_kubernetes() -> None:
    for name, asset in assets_of().items():
        assert k8s_config(asset).pod_spec_config == {"automount_service_account_token": False}, name


def test_a_pod_has_what_its_workers_may_take() -> None:
    told = container(assets_of(workers=Workers(count=6, memory_mb=2048))["layout"])
    assert (told["requests"]["cpu"], told["limits"]["cpu"]) == (6.0, 6.0)
    assert told["limits"]["memory"] == (BASE_MB + 6 * 2048) * (1 << 20)
    assert told["requests"]["memory"] < told["limits"]["memory"]
    free = container(assets_of(workers=Workers(count=6, memory_mb=0))["layout"])
    assert set(free["limits"]) == {"cpu"}
    small = container(assets_of(workers=Workers(count=6, memory_mb=256))["layout"])
    assert small["requests"]["memory"] == small["limits"]["memory"]


def test_the_cpus_of_this_machine_say_nothing_of_a_pod(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(64)))
    assert container(assets_of()["pages"])["limits"]["cpu"] == 4.0


def test_a_stage_says_its_own_needs() -> None:
    class Heavy(PagesStage):
        worker_mb = 3000

        def workers(self, most: int) -> int:
            return 1

    assert Heavy().footprint(WorkerLimits(8, 4096)) == Footprint(1.0, 8, BASE_MB + 3000, BASE_MB + 4096)
    assert UnderstandingStage().footprint(WorkerLimits(8, 4096)).cpus < 1  # it is off
    asked = container(assets_of(understanding=Understanding(mode="all"))["understanding"])
    assert asked["requests"]["cpu"] == 1.0  # four workers that wait
