"""The chart `serving`: what its objects must say beyond being well-formed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from docmill.resources.local.triton.canary import CANARY, write_canary
from docmill.resources.triton import Triton
from docmill.resources.vllm import Vllm
from tests.charts.checks.everything import problems_of
from tests.charts.checks.objects import matches
from tests.charts.checks.promql import queries
from tests.charts.rendering import CHARTS, ROOT, Case, Rendered, render

pytestmark = pytest.mark.charts

CHART = CHARTS / "serving"
ALL_ON = CHART / "ci" / "everything.yaml"
MONITORING = ROOT / "deploy" / "monitoring"

#: Values that the schema or a template refuses, and words of why.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"tritn": {}}, "additional properties 'tritn' not allowed"),
    ({"triton": {"replica": 2}}, "additional properties 'replica' not allowed"),
    ({"triton": {"gpu": {"counts": 1}}}, "additional properties 'counts' not allowed"),
    ({"triton": {"gpu": {"count": -1}}}, "/triton/gpu/count"),
    ({"triton": {"gpu": {"resource": "gpu"}}}, "/triton/gpu/resource"),
    ({"triton": {"image": {"digest": "sha256:12"}}}, "/triton/image/digest"),
    ({"triton": {"resources": {"limits": {"memory": "1GGG"}}}}, "/triton/resources/limits/memory"),
    ({"triton": {"resources": {"limits": {"nvidia.com/gpu": 1}}}}, "additional properties 'nvidia.com/gpu'"),
    ({"triton": {"user": 0}}, "/triton/user"),
    ({"triton": {"disruptionBudget": {"maxUnavailable": 0}}}, "/triton/disruptionBudget"),
    ({"triton": {"probes": {"timeoutSeconds": 20}}}, "/triton/probes/timeoutSeconds"),
    ({"triton": {"models": {"source": "bucket"}}}, "/triton/models/source"),
    ({"triton": {"models": {"source": "image"}}}, "/triton/models/image/repository"),
    (
        {"triton": {"models": {"claim": {"accessModes": ["ReadWriteOncePod"]}}}},
        "/triton/models/claim/accessModes",
    ),
    ({"triton": {"models": {"fill": {"from": "s3"}}}}, "/triton/models/fill/url"),
    ({"triton": {"models": {"fill": {"from": "s3", "url": "https://bucket"}}}}, "/triton/models/fill/url"),
    ({"triton": {"tuning": {"a": {"batch": 1}}}}, "additional properties 'batch' not allowed"),
    ({"vllm": {"enabled": True, "models": {"fill": {"from": "s3"}}}}, "/vllm/models/fill/url"),
    ({"vllm": {"models": {"fill": {"from": "embedded"}}}}, "/vllm/models/fill/from"),
    ({"vllm": {"gpuMemoryUtilization": 1.5}}, "/vllm/gpuMemoryUtilization"),
    ({"autoscaling": {"prometheus": {"address": "prometheus:9090"}}}, "/autoscaling/prometheus/address"),
    ({"autoscaling": {"fallback": {"behavior": "currentReplica"}}}, "/autoscaling/fallback/behavior"),
    ({"autoscaling": {"enabled": True, "prometheus": {"enabled": False}}}, "nothing says when to scale"),
    (
        {"autoscaling": {"enabled": True, "postgresql": {"enabled": True, "host": "db"}}},
        "name the Secret with the database's password",
    ),
    (
        {"triton": {"tuning": {"ocr_detect": {"instances": 2}}, "models": {"fill": {"enabled": False}}}},
        "configurations are written by the Job",
    ),
]


@pytest.fixture(scope="module")
def everything(rendered: dict[str, Rendered]) -> Rendered:
    return rendered["serving + everything"]


def made(*each: Mapping[str, Any]) -> list[Rendered]:
    results = render([Case(CHART, (ALL_ON,), values) for values in each])
    assert [result.error for result in results] == [""] * len(each)
    return results


def container(result: Rendered, name: str) -> dict[str, Any]:
    [found] = pod(result, name)["containers"]
    return dict(found)


def pod(result: Rendered, name: str) -> dict[str, Any]:
    return dict(result.one("Deployment", name)["spec"]["template"]["spec"])


def test_values_that_cannot_be_are_refused_with_their_place() -> None:
    results = render([Case(CHART, (), values) for values, _ in REFUSED])
    told = [(words, result.error) for (_, words), result in zip(REFUSED, results, strict=True)]
    # Helm writes places as /a/b or a.b, by its version
    wrong = [pair for pair in told if pair[0] not in pair[1] and pair[0][1:].replace("/", ".") not in pair[1]]
    assert wrong == []


def test_each_value_is_in_the_schema_and_explained_by_nobody_else(rendered: dict[str, Rendered]) -> None:
    """The schema knows no value that values.yaml does not have."""
    schema = json.loads((CHART / "values.schema.json").read_text())
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    top = {*schema["properties"]} - {"global", "enabled"}
    assert top == {*values}
    for server in ("triton", "vllm", "ray"):
        assert {*schema["properties"][server]["properties"]} == {*values[server]}


def test_the_longest_release_name_fits() -> None:
    [result] = render([Case(CHART, (ALL_ON,), name="r" * 53)])
    assert result.error == ""
    assert problems_of(result.objects, {("Secret", "database")}) == []


def test_triton_has_an_address_for_each_pod_and_vllm_one_for_all(everything: Rendered) -> None:
    """gRPC keeps one connection, so its client must see the pods; HTTP's takes whichever comes first."""
    assert everything.one("Service", "triton")["spec"]["clusterIP"] == "None"
    assert "clusterIP" not in everything.one("Service", "vllm")["spec"]


@pytest.mark.parametrize(
    ("server", "option", "deadline_s"),
    [
        ("triton", "--exit-timeout-secs", Triton().deadline_s),
        ("vllm", "--shutdown-timeout", Vllm().deadline_s),
    ],
)
def test_a_pod_that_ends_finishes_the_longest_request(
    everything: Rendered, server: str, option: str, deadline_s: float
) -> None:
    spec, works = pod(everything, server), container(everything, server)
    [told] = (int(each.partition("=")[2]) for each in works["args"] if each.startswith(option))
    drain = int(works["lifecycle"]["preStop"]["exec"]["command"][1])
    assert told >= deadline_s
    assert spec["terminationGracePeriodSeconds"] >= drain + told + 10


def test_probes_ask_a_model_and_liveness_is_gentle(everything: Rendered) -> None:
    for server in ("triton", "vllm"):
        works = container(everything, server)
        asked = {
            kind: works[f"{kind}Probe"]["exec"]["command"] for kind in ("startup", "readiness", "liveness")
        }
        assert [command[-2:] for command in asked.values()] == [
            [server, "start"],
            [server, "ready"],
            [server, "live"],
        ]
        live, ready = works["livenessProbe"], works["readinessProbe"]
        patience = live["periodSeconds"] * live["failureThreshold"]
        assert patience >= 300 > ready["periodSeconds"] * ready["failureThreshold"]
        environment = {each["name"]: each.get("value") for each in works["env"]}
        # the probe must say why before Kubernetes cuts it off
        assert float(environment["PROBE_TIMEOUT_S"] or 0) < ready["timeoutSeconds"]


def test_a_gpu_is_requested_as_it_is_limited() -> None:
    mig = {"triton": {"gpu": {"count": 2, "resource": "nvidia.com/mig-1g.10gb"}}}
    none = {"triton": {"gpu": {"count": 0}}}
    for result, expected in zip(made(mig, none), ({"nvidia.com/mig-1g.10gb": 2}, {}), strict=True):
        resources = container(result, "triton")["resources"]
        for kind in ("requests", "limits"):
            assert {key: value for key, value in resources[kind].items() if "/" in key} == expected


def test_a_digest_stands_for_the_tag() -> None:
    digest = "sha256:" + "0a" * 32
    [result] = made({"triton": {"image": {"registry": "registry.internal/mirror", "digest": digest}}})
    assert container(result, "triton")["image"] == f"registry.internal/mirror/docmill-triton@{digest}"


def test_the_canary_is_docmills(everything: Rendered, tmp_path: Path) -> None:
    write_canary(tmp_path)
    folder = CHART / "files" / "canary"
    assert (folder / "model.onnx").read_bytes() == (tmp_path / CANARY / "1" / "model.onnx").read_bytes()
    assert (folder / "config.pbtxt").read_text() == (tmp_path / CANARY / "config.pbtxt").read_text()
    assert everything.one("ConfigMap", "canary")["data"]["config.pbtxt"].strip() == (
        (folder / "config.pbtxt").read_text().strip()
    )
    assert f"--load-model={CANARY}" in container(everything, "triton")["args"]


def test_rules_and_dashboards_are_those_of_monitoring(everything: Rendered) -> None:
    groups = [
        group
        for path in sorted((MONITORING / "rules").glob("*.yml"))
        for group in yaml.safe_load(path.read_text())["groups"]
        if group["name"].startswith("docmill-serving")
    ]
    assert len(groups) == 2
    *copied, own = everything.one("PrometheusRule")["spec"]["groups"]
    assert copied == groups
    assert [rule["alert"] for rule in own["rules"]] == ["TritonAway", "VllmAway"]
    dashboard = everything.one("ConfigMap", "serving-dashboard")
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    shown = json.loads((MONITORING / "grafana" / "docmill-serving.json").read_text())
    assert json.loads(dashboard["data"]["docmill-serving.json"]) == shown


def test_prometheus_knows_the_jobs_as_the_rules_do(everything: Rendered) -> None:
    for server in ("triton", "vllm"):
        monitor, service = everything.one("ServiceMonitor", server), everything.one("Service", server)
        assert service["metadata"]["labels"][monitor["spec"]["jobLabel"]] == server


def test_only_clients_and_prometheus_come_in(everything: Rendered) -> None:
    """Also that an empty list of peers, which would admit everybody, leaves the rule out."""

    def admitted(result: Rendered, server: str) -> list[tuple[str, list[str]]]:
        rules = result.one("NetworkPolicy", f"mill-{server}")["spec"]["ingress"]
        assert all(rule["from"] for rule in rules)
        return [(next(iter(rule["from"][0])), [port["port"] for port in rule["ports"]]) for rule in rules]

    assert admitted(everything, "triton") == [
        ("podSelector", ["http", "grpc"]),
        ("namespaceSelector", ["metrics"]),
    ]
    assert admitted(everything, "vllm") == [("podSelector", ["http"]), ("namespaceSelector", ["http"])]
    [closed] = made({"networkPolicy": {"clients": [], "prometheus": []}})
    assert admitted(closed, "triton") == []
    for policy in everything.all("NetworkPolicy"):
        assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]


def test_every_pod_has_a_policy(everything: Rendered) -> None:
    policies = [policy["spec"]["podSelector"] for policy in everything.all("NetworkPolicy")]
    for kind in ("Deployment", "Job"):
        for thing in everything.all(kind):
            labels = thing["spec"]["template"]["metadata"]["labels"]
            assert len([each for each in policies if matches(each, labels)]) == 1


def test_servers_scale_to_none_and_wake_by_work(everything: Rendered) -> None:
    for server in ("triton", "vllm"):
        spec = everything.one("ScaledObject", server)["spec"]
        assert spec["minReplicaCount"] == 0
        assert "replicas" not in everything.one("Deployment", server)["spec"]
        triggers = {trigger["name"]: trigger for trigger in spec["triggers"]}
        # without a replica there are no figures of servers: these two must wake the first
        for name, key in (("batches", "activationThreshold"), ("runs", "activationTargetQueryValue")):
            assert triggers[name]["metadata"][key] == "0"
        # KEDA's fallback needs a trigger whose average it can stand in for
        assert "AverageValue" in {trigger["metricType"] for trigger in spec["triggers"]}
        # and what is at work when Prometheus goes away stays
        assert spec["fallback"]["replicas"] >= 1
        assert spec["fallback"]["behavior"] == "currentReplicasIfHigher"
        behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
        assert behavior["scaleDown"]["stabilizationWindowSeconds"] >= 300


def test_an_older_keda_is_told_replicas_alone() -> None:
    [result] = made({"autoscaling": {"fallback": {"replicas": 2, "behavior": ""}}})
    for server in ("triton", "vllm"):
        spec = result.one("ScaledObject", server)["spec"]
        assert spec["fallback"] == {"failureThreshold": 3, "replicas": 2}


def test_the_database_may_be_named_after_the_release() -> None:
    host, secret = "{{ .Release.Name }}-db.{{ .Release.Namespace }}", "{{ .Release.Name }}-db"
    [result] = made({"autoscaling": {"postgresql": {"host": host, "passwordSecret": {"name": secret}}}})
    [trigger] = (
        each
        for each in result.one("ScaledObject", "triton")["spec"]["triggers"]
        if each["type"] == "postgresql"
    )
    assert trigger["metadata"]["host"] == "mill-db.docs"
    assert result.one("TriggerAuthentication")["spec"]["secretTargetRef"][0]["name"] == "mill-db"


def test_every_query_gives_one_number_when_there_is_no_server(everything: Rendered) -> None:
    for query in queries(everything.all("ScaledObject")):
        assert query.text.endswith(" or vector(0)")


def changed(values: Mapping[str, Any]) -> bool:
    """Whether the volume of Triton's models is filled anew for other values."""
    before, after = made({}, values)

    def names(result: Rendered) -> set[str]:
        return {job["metadata"]["name"] for job in result.all("Job") if "triton" in job["metadata"]["name"]}

    return names(before) != names(after)


@pytest.mark.parametrize(
    ("values", "anew"),
    [
        ({"triton": {"models": {"fill": {"revision": 2}}}}, True),
        ({"triton": {"tuning": {"ocr_detect": {"instances": 2}}}}, True),
        ({"docmill": {"image": {"tag": "9"}}}, True),
        ({"triton": {"models": {"fill": {"keep": 3}}}}, False),
        ({"triton": {"replicas": 3, "extraArgs": ["--log-verbose=1"]}}, False),
        ({"triton": {"image": {"tag": "9"}}}, False),
    ],
)
def test_other_models_are_another_revision(values: Mapping[str, Any], anew: bool) -> None:
    assert changed(values) is anew


def test_servers_wait_for_the_revision_that_the_job_makes(everything: Rendered) -> None:
    for server in ("triton", "vllm"):
        [job] = (each for each in everything.all("Job") if server in each["metadata"]["name"])
        [filling] = job["spec"]["template"]["spec"]["containers"]
        to = {each["name"]: each.get("value") for each in filling["env"]}["FILL_TO"]
        [waiting] = pod(everything, server)["initContainers"]
        assert waiting["command"][2] == to
        works = container(everything, server)
        assert any(to in each for each in (*works["command"], *works["args"]))


def test_tuned_configurations_are_asked_for() -> None:
    tuned, plain = made({"triton": {"tuning": {"ocr_detect": {"instances": 2}}}}, {})
    option = "--model-config-name=tuned"
    assert option in container(tuned, "triton")["args"]
    assert option not in container(plain, "triton")["args"]


def test_servers_without_a_neighbour(rendered: dict[str, Rendered]) -> None:
    [alone] = made({"triton": {"enabled": False}})
    assert [each["metadata"]["name"] for each in alone.all("Deployment")] == ["mill-vllm"]
    assert [each["metadata"]["name"] for each in rendered["serving"].all("Deployment")] == ["mill-triton"]
