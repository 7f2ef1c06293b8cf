"""The chart `serving` with KubeRay's RayService: what Ray runs, who reaches it, and what clients see."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.charts.checks.objects import matches, pods
from tests.charts.rendering import CHARTS, ROOT, Case, Rendered, render

sys.path[:0] = [str(ROOT / "deploy" / "ray")]

from docmill_ray.session import VARIABLES  # noqa: E402

pytestmark = pytest.mark.charts

CHART = CHARTS / "serving"
ALONE = CHART / "ci" / "ray-alone.yaml"
SERVE = yaml.safe_load((ROOT / "deploy" / "ray" / "serve.yaml").read_text())
ON: Mapping[str, Any] = {"enabled": True}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"ray": {"worker": 2}}, "additional properties 'worker' not allowed"),
    ({"ray": {"workers": 0}}, "/ray/workers"),
    ({"ray": {"doors": 0}}, "/ray/doors"),
    ({"ray": {"load": []}}, "/ray/load"),
    ({"ray": {"user": 0}}, "/ray/user"),
    ({"ray": {"upgrade": "Rolling"}}, "/ray/upgrade"),
    ({"ray": {"objectStoreBytes": 1000}}, "/ray/objectStoreBytes"),
    ({"ray": {"ofModels": {"a": {"replicas": 2}}}}, "additional properties 'replicas' not allowed"),
    ({"ray": {"ofModels": {"a": {"autoscaling_config": {}}}}}, "/ray/ofModels/a/autoscaling_config"),
    (
        {"ray": {"ofModels": {"a": {"num_replicas": 1, "autoscaling_config": {"max_replicas": 2}}}}},
        "/ray/ofModels/a",
    ),
    (
        {"ray": {"ofModels": {"a": {"ray_actor_options": {"resources": {"here": 1}}}}}},
        "additional properties 'resources' not allowed",
    ),
    ({"ray": {**ON, "models": {"source": "image"}}}, "/ray/models/image/repository"),
    ({"ray": {**ON, "models": {"fill": {"from": "s3"}}}}, "/ray/models/fill/url"),
    ({"ray": {**ON, "ofModels": {"heron": {"num_replicas": 2}}}}, "ray.ofModels.heron: not among the models"),
    (
        {"ray": {**ON, "autoscaling": {"enabled": True, "max": 1}}},
        "ray.autoscaling.max: less than ray.workers",
    ),
]


@pytest.fixture(scope="module")
def alone(rendered: dict[str, Rendered]) -> Rendered:
    return rendered["serving + ray-alone"]


@pytest.fixture(scope="module")
def everything(rendered: dict[str, Rendered]) -> Rendered:
    return rendered["serving + everything"]


def made(*each: Mapping[str, Any]) -> list[Rendered]:
    results = render([Case(CHART, (), {"ray": {**ON, **values}}) for values in each])
    assert [result.error for result in results] == [""] * len(each)
    return results


def cluster(result: Rendered) -> dict[str, Any]:
    return dict(result.one("RayService")["spec"]["rayClusterConfig"])


def templates(result: Rendered) -> list[dict[str, Any]]:
    """Of the head, and of workers."""
    config = cluster(result)
    return [config["headGroupSpec"]["template"], *(each["template"] for each in config["workerGroupSpecs"])]


def test_it_is_off_unless_it_is_asked_for(rendered: dict[str, Rendered]) -> None:
    assert rendered["serving"].all("RayService") == []
    assert not any("ray" in each["metadata"]["name"] for each in rendered["serving"].objects)


def test_values_that_cannot_be_are_refused_with_their_place() -> None:
    results = render([Case(CHART, (), values) for values, _ in REFUSED])
    told = [(words, result.error) for (_, words), result in zip(REFUSED, results, strict=True)]
    wrong = [pair for pair in told if pair[0] not in pair[1] and pair[0][1:].replace("/", ".") not in pair[1]]
    assert wrong == []


@pytest.mark.parametrize(
    ("told", "text", "other"),
    [
        ("'replica' was unexpected", "groupName: workers\n", "groupName: workers\n        replica: 2\n"),
        ("'imagePull' was unexpected", "ray-head\n", "ray-head\n              imagePull: Always\n"),
        ("'num-cpu' was unexpected", 'num-cpus: "0"\n', 'num-cpu: "0"\n'),
        ("0 is not of type 'string'", 'num-cpus: "0"\n', "num-cpus: 0\n"),
    ],
)
def test_a_field_that_nobody_has_is_seen(told: str, text: str, other: str, tmp_path: Path) -> None:
    """The schema is written by hand: it must be one that can refuse, also in Kubernetes' own parts."""
    copy = tmp_path / "serving"
    shutil.copytree(CHART, copy)  # with what its links lead to
    template = copy / "templates" / "ray.yaml"
    written = template.read_text()
    assert written.count(text) == 1
    template.write_text(written.replace(text, other))
    [result] = render([Case(copy, (ALONE,))], checked=True)
    assert result.error == "" and any(told in problem for problem in result.problems), result.problems


def test_what_serve_runs_is_that_of_deploy_with_values_in_it(alone: Rendered) -> None:
    told = yaml.safe_load(alone.one("RayService")["spec"]["serveConfigV2"])
    [mine], [theirs] = told.pop("applications"), SERVE["applications"]
    assert told == {key: value for key, value in SERVE.items() if key != "applications"}
    given, shipped = mine.pop("args"), theirs["args"]
    assert mine == {key: value for key, value in theirs.items() if key != "args"}
    assert given.keys() == shipped.keys()
    assert (given["http_port"], given["grpc_port"]) == (shipped["http_port"], shipped["grpc_port"])
    assert (given["repository"], given["host"]) == ("/models", "0.0.0.0")
    assert given["models"] == ["layout_cdla", "slanet_plus"]
    assert given["of_models"]["layout_cdla"]["ray_actor_options"] == {"num_gpus": 0.5}
    for part in ("door", "each_model"):
        rest = {key: value for key, value in shipped[part].items() if key in given[part]}
        assert {**rest, **given[part]} == given[part] and rest.keys() == shipped[part].keys()


def test_doors_and_models_are_on_workers_alone(alone: Rendered) -> None:
    """The head has to be ready for KubeRay to deploy: nothing that asks for a worker finds room there."""
    given = yaml.safe_load(alone.one("RayService")["spec"]["serveConfigV2"])["applications"][0]["args"]
    for part in ("door", "each_model"):
        assert given[part]["ray_actor_options"]["resources"]["docmill_worker"] > 0
    config = cluster(alone)
    [group] = config["workerGroupSpecs"]
    # KubeRay hands it to a shell within the quotes that it has
    assert group["rayStartParams"]["resources"] == '"{\\"docmill_worker\\":1000}"'
    assert "resources" not in config["headGroupSpec"]["rayStartParams"]
    assert config["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"


def test_rays_settings_are_those_of_a_session_but_for_the_one_that_keeps_it_here(alone: Rendered) -> None:
    for template in templates(alone):
        [container] = template["spec"]["containers"]
        variables = {each["name"]: each["value"] for each in container["env"]}
        told = {name: value for name, value in variables.items() if name.startswith("RAY_")}
        assert told == {
            name: value for name, value in VARIABLES.items() if name != "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
        }


def test_with_a_token_kuberay_says_how_ray_asks_for_it() -> None:
    guarded, open_ = made({"token": True}, {})
    assert cluster(guarded)["authOptions"] == {"mode": "token"} and "authOptions" not in cluster(open_)
    for result, told in ((guarded, []), (open_, ["disabled"])):
        for template in templates(result):
            variables = template["spec"]["containers"][0]["env"]
            assert [each["value"] for each in variables if each["name"] == "RAY_AUTH_MODE"] == told


def test_ray_is_of_the_version_of_its_lock(alone: Rendered) -> None:
    wanted = (ROOT / "deploy" / "ray" / "requirements.in").read_text()
    assert f"ray[serve]=={cluster(alone)['rayVersion']}\n" in wanted


def test_a_model_and_every_pod_have_their_part_of_a_gpu(alone: Rendered) -> None:
    head, worker = templates(alone)
    assert worker["spec"]["containers"][0]["resources"]["limits"]["nvidia.com/gpu"] == 1
    assert "nvidia.com/gpu" not in head["spec"]["containers"][0]["resources"]["limits"]


def test_workers_come_and_go_by_kuberays_autoscaler(alone: Rendered) -> None:
    [group] = cluster(alone)["workerGroupSpecs"]
    assert cluster(alone)["enableInTreeAutoscaling"] is True
    assert (group["replicas"], group["minReplicas"], group["maxReplicas"]) == (2, 2, 4)
    head, worker = templates(alone)
    assert head["spec"]["serviceAccountName"] == alone.one("ServiceAccount")["metadata"]["name"]
    assert head["spec"]["automountServiceAccountToken"] is True
    assert worker["spec"]["automountServiceAccountToken"] is False
    [fixed] = made({})
    [group] = cluster(fixed)["workerGroupSpecs"]
    assert "enableInTreeAutoscaling" not in cluster(fixed)
    assert group["minReplicas"] == group["maxReplicas"] == 2
    assert fixed.all("ServiceAccount") == []


def test_clients_come_in_at_two_ports_and_kuberay_at_one(everything: Rendered) -> None:
    policy = everything.one("NetworkPolicy", "mill-ray")["spec"]
    own, clients, kuberay = policy["ingress"]
    assert own == {"from": [{"podSelector": policy["podSelector"]}]}
    assert [each["port"] for each in clients["ports"]] == ["http", "grpc"]
    assert [each["port"] for each in kuberay["ports"]] == ["dashboard"]
    [operator] = kuberay["from"]
    # both in one peer: pods of that name in that namespace, and no others
    assert operator.keys() == {"namespaceSelector", "podSelector"}
    head, worker = templates(everything)
    ports = [{port["name"] for port in each["spec"]["containers"][0]["ports"]} for each in (head, worker)]
    assert not {"http", "grpc"} & ports[0] and "dashboard" not in ports[1]
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    others, names = policy["egress"]
    assert others == {"to": own["from"]}
    assert {each["port"] for each in names["ports"]} == {53}


def test_nobody_is_admitted_where_nobody_is_named() -> None:
    [result] = render([Case(CHART, (ALONE,), {"networkPolicy": {"clients": [], "kuberay": []}})])
    [own] = result.one("NetworkPolicy", "mill-ray")["spec"]["ingress"]
    assert own["from"]


def test_its_policy_holds_whatever_kuberay_calls_its_pods(everything: Rendered) -> None:
    """Kubernetes' recommended labels are KubeRay's to set; those that policies and services go by are not."""
    policy = everything.one("NetworkPolicy", "mill-ray")["spec"]["podSelector"]
    service = {"matchLabels": everything.one("Service", "mill-ray")["spec"]["selector"]}
    budget = everything.one("PodDisruptionBudget", "mill-ray")["spec"]["selector"]
    for template, is_worker in zip(templates(everything), (False, True), strict=True):
        labels = template["metadata"]["labels"] | {"app.kubernetes.io/name": "kuberay"}
        assert matches(policy, labels)
        assert matches(service, labels) is matches(budget, labels) is is_worker
    for pod in pods(everything.objects):
        if pod.owner["kind"] != "RayService":
            assert not matches(policy, pod.labels)


def test_in_tritons_place_it_has_tritons_address(alone: Rendered, everything: Rendered) -> None:
    [service] = alone.all("Service")
    assert service["metadata"]["name"] == "mill-triton"
    assert service["spec"]["clusterIP"] == "None"
    assert {port["name"]: port["port"] for port in service["spec"]["ports"]} == {"grpc": 8001, "http": 8000}
    beside = {each["metadata"]["name"] for each in everything.all("Service")}
    assert {"mill-triton", "mill-ray"} <= beside


def test_a_worker_is_ready_when_it_has_a_door_and_lives_without_one(alone: Rendered) -> None:
    head, worker = (template["spec"]["containers"][0] for template in templates(alone))
    assert worker["readinessProbe"]["httpGet"] == {"path": "/-/healthz", "port": "http"}
    assert worker["livenessProbe"]["httpGet"]["port"] == "agent" == head["livenessProbe"]["httpGet"]["port"]
    assert head["readinessProbe"]["httpGet"]["port"] == "dashboard"


def test_a_worker_that_ends_finishes_the_longest_request(alone: Rendered) -> None:
    worker = templates(alone)[1]["spec"]
    drain = int(worker["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
    given = yaml.safe_load(alone.one("RayService")["spec"]["serveConfigV2"])["applications"][0]["args"]
    assert worker["terminationGracePeriodSeconds"] >= drain + given["grace_s"] + 10
    for part in ("door", "each_model"):
        assert given[part]["graceful_shutdown_timeout_s"] > given["grace_s"]
    assert alone.one("RayService")["spec"]["rayClusterDeletionDelaySeconds"] >= drain + given["grace_s"]


def test_docmill_asks_ray_in_tritons_place() -> None:
    ray = {"serving": {"triton": {"enabled": False}, "ray": {"enabled": True, "load": ["layout_cdla"]}}}
    [result] = render([Case(CHARTS / "docmill", (), ray)])
    assert result.error == ""
    written = yaml.safe_dump(result.all("ConfigMap"))
    assert "mill-triton:8001" in written
    assert "cdla" in written
