"""docmill's chart: values become settings and an instance, and pods may do what they must and no more."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml
from dagster_k8s import K8sRunLauncher
from kubernetes.utils.quantity import parse_quantity

from docmill.pipeline.defs.settings import Settings, settings_in_force
from docmill.resources.settings.workers import Workers
from tests.charts.checks.objects import Obj, Pod, matches, named, pods
from tests.charts.checks.security import check_security
from tests.charts.docmill_schema import SCHEMA, renewed
from tests.charts.launched import instance_of, run_job, step_job
from tests.charts.rendering import CHARTS, ROOT, Case, Rendered, render

pytestmark = pytest.mark.charts

CHART = CHARTS / "docmill"
WORKERS = Workers(count=3, memory_mb=2048)
#: Values by the name of the case; `refused` are those of which nothing is to come.
CASES: Mapping[str, Mapping[str, Any]] = {
    "default": {},
    "laptop": {"serving": {"enabled": False}},
    "s3": {
        "settings": {
            "store": {"url": "s3://bucket/store", "options": {"secret": {"env": "S3_SECRET"}}},
            "inbox": {"url": "s3://bucket/in", "batch_documents": 7},
            "exports": {"out": "s3://bucket/out", "formats": ["md", "chunks"]},
            "reader": {"max_bytes": 1073741824, "password_file": "/etc/docmill/secrets/pdf/password"},
            "pricing": {"per_gpu_hour": 2, "gpu_hours": {"l4": 0.8}},
            "layout": {"backend": "embedded"},
        },
        "secrets": {"environment": ["aws"], "files": ["pdf"]},
        "postgresql": {"existingSecret": "database", "cidrs": ["10.1.0.0/16"]},
        "networkPolicies": {"objectStore": {"cidrs": ["10.2.0.0/16"]}},
        "serving": {"autoscaling": {"postgresql": {"host": "db", "passwordSecret": {"name": "database"}}}},
    },
    "steps": {
        "settings": {"execution": {"executor": "k8s"}, "workers": {"count": 3, "memory_mb": 2048}},
        "steps": {
            "maxConcurrent": 2,
            "nodeSelector": {"pool": "spot"},
            "tolerations": [{"key": "spot", "operator": "Exists", "effect": "NoSchedule"}],
            "affinity": {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
        },
        "image": {"pullSecrets": ["registry"], "digest": f"sha256:{'a' * 64}"},
    },
    "many nodes": {"persistence": {"accessMode": "ReadWriteMany"}, "webserver": {"replicas": 3}},
    "vllm": {
        "serving": {"vllm": {"enabled": True, "models": {"fill": {"url": "s3://models/granite-docling"}}}}
    },
}
REFUSED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "unknown value": ({"runs": {"maxConcurent": 3}}, "maxConcurent"),
    "unknown setting": ({"settings": {"stores": {}}}, "stores"),
    "wrong setting": ({"settings": {"workers": {"count": -1}}}, "minimum"),
    "open secret": ({"settings": {"alerts": {"webhook": "https://hooks.example.org/x"}}}, "webhook"),
    "open option": ({"settings": {"store": {"options": {"secret": "x"}}}}, "secret"),
    "memory": ({"daemon": {"resources": {"limits": {"memory": "1GGB"}}}}, "1GGB"),
    "s3 somewhere": ({"settings": {"inbox": {"url": "s3://bucket/in"}}}, "networkPolicies.objectStore.cidrs"),
    "database somewhere": ({"postgresql": {"existingSecret": "database"}}, "postgresql.cidrs"),
}

Made = Mapping[str, Rendered]
Launcher = Callable[[str], K8sRunLauncher]


@pytest.fixture(scope="module")
def made() -> Made:
    """What came of each case."""
    values = dict(CASES) | {name: each for name, (each, _) in REFUSED.items()}
    results = render([Case(CHART, set=each, name="mill") for each in values.values()])
    return dict(zip(values, results, strict=True))


def text_of(rendered: Rendered, map_: str, key: str) -> str:
    text: str = rendered.one("ConfigMap", map_)["data"][key]
    return text


def settings_of(rendered: Rendered) -> dict[str, Any]:
    return tomllib.loads(text_of(rendered, "-settings", "docmill.toml"))


def instance_settings(rendered: Rendered) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text_of(rendered, "-dagster", "dagster.yaml"))
    return found


@pytest.fixture(scope="module")
def launcher_of(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Launcher]:
    """Makes the launcher that a case's instance has."""
    with ExitStack() as instances:

        @cache
        def of(case: str) -> K8sRunLauncher:
            folder = tmp_path_factory.mktemp("instance")
            instance = instances.enter_context(instance_of(instance_settings(made[case]), folder))
            launcher = instance.run_launcher
            assert isinstance(launcher, K8sRunLauncher)
            return launcher

        yield of


def pod(rendered: Rendered, name: str) -> Pod:
    [found] = (each for each in pods(rendered.objects) if each.owner["metadata"]["name"].endswith(name))
    return found


def of_job(job: Obj) -> Pod:
    [found] = pods([job])
    return found


def variables(of: Pod) -> dict[str, Any]:
    return {each["name"]: each.get("value", each.get("valueFrom")) for each in of.containers[0]["env"]}


# --- values ---


@pytest.mark.parametrize("case", CASES)
def test_every_case_is_right(made: Made, case: str) -> None:
    assert (made[case].error, made[case].problems, made[case].lint) == ("", (), ())


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_wrong_is_refused_before_anything_is_installed(made: Made, case: str) -> None:
    assert made[case].objects == ()
    assert REFUSED[case][1] in made[case].error


def test_the_schema_knows_the_settings_of_this_docmill() -> None:
    assert SCHEMA.read_text("utf-8") == renewed(), "python -m tests.charts.docmill_schema"


def test_values_become_the_settings_that_docmill_reads(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_SETTINGS", str(tmp_path / "docmill.toml"))
    for case in CASES:
        (tmp_path / "docmill.toml").write_text(text_of(made[case], "-settings", "docmill.toml"))
        settings: Settings = settings_in_force()
        list(settings.each())
        assert settings.execution.warm is False
    s3 = settings_of(made["s3"])
    given = CASES["s3"]["settings"]
    assert {section: {key: s3[section][key] for key in said} for section, said in given.items()} == given


def test_docmill_uses_what_the_servers_load_unless_it_is_told_otherwise(made: Made) -> None:
    served = settings_of(made["default"])
    assert served["triton"]["url"] == "mill-triton:8001"
    assert served["layout"]["backend"] == {"triton": {"contract": "cdla"}}
    assert (served["tables"]["backend"], served["ocr"]["backend"]) == (
        {"triton": {"contract": "slanet"}},
        "triton",
    )
    assert settings_of(made["s3"])["layout"]["backend"] == "embedded"
    assert "triton" not in settings_of(made["laptop"])
    assert settings_of(made["vllm"])["vllm"]["url"] == "http://mill-vllm:8000"
    for case, kind in (("default", "triton"), ("vllm", "vllm")):
        assert f"mill-{kind}" in named(made[case].objects, "Service")


# --- the instance ---


def test_the_instance_is_that_of_one_machine_but_for_where_things_are(made: Made) -> None:
    """Another setting in deploy/dagster.yaml is to be in the chart too."""
    shipped = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text())
    chart = instance_settings(made["default"])
    assert (
        chart.pop("storage")
        == yaml.safe_load((ROOT / "deploy" / "dagster.postgres.yaml").read_text())["storage"]
    )
    for other in ("run_launcher", "compute_logs"):
        del shipped[other], chart[other]
    for each in (shipped, chart):
        runs = each["concurrency"]["runs"]
        del runs["max_concurrent_runs"], runs["tag_concurrency_limits"][0]["limit"]
        del each["run_monitoring"]["start_timeout_seconds"]
    assert chart == shipped


@pytest.mark.parametrize("case", CASES)
def test_dagster_takes_the_instance(made: Made, case: str, tmp_path: Path) -> None:
    with instance_of(instance_settings(made[case]), tmp_path) as instance:
        assert instance.run_coordinator.__class__.__name__ == "LanedRunCoordinator"
        assert instance.compute_log_manager.__class__.__name__ == "NoOpComputeLogManager"
        assert isinstance(instance.run_launcher, K8sRunLauncher)


def test_the_workspace_is_the_code_server(made: Made) -> None:
    workspace = yaml.safe_load(text_of(made["default"], "-dagster", "workspace.yaml"))
    [server] = (each["grpc_server"] for each in workspace["load_from"])
    service = named(made["default"].objects, "Service")[server["host"]]
    assert (service["spec"]["ports"][0]["port"], server["location_name"]) == (server["port"], "docmill")


# --- pods of runs and steps ---


@pytest.mark.parametrize("case", CASES)
def test_runs_have_what_the_code_server_has(made: Made, case: str, launcher_of: Launcher) -> None:
    run, code = of_job(run_job(launcher_of(case))), pod(made[case], "-code")
    theirs = variables(run)
    for name, value in variables(code).items():
        if name not in ("DAGSTER_CURRENT_IMAGE", "DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS"):
            assert theirs[name] == value, name
    assert run.spec["volumes"] == code.spec["volumes"]
    assert run.containers[0]["volumeMounts"] == code.containers[0]["volumeMounts"]
    assert (run.containers[0].get("envFrom") or []) == code.containers[0].get("envFrom", [])
    assert run.spec.get("affinity") == code.spec.get("affinity")
    assert (run.spec.get("imagePullSecrets") or []) == code.spec.get("imagePullSecrets", [])
    assert run.spec["securityContext"] == code.spec["securityContext"]
    # the image of runs is the code server's, whichever that is after an upgrade
    assert run.containers[0]["image"] == "docmill:told-by-the-code-server"
    assert variables(code)["DAGSTER_CURRENT_IMAGE"] == code.containers[0]["image"]


@pytest.mark.parametrize("case", CASES)
def test_runs_and_steps_are_restricted(case: str, launcher_of: Launcher) -> None:
    launcher = launcher_of(case)
    assert list(check_security([run_job(launcher), step_job(launcher, {}, "pages", WORKERS)])) == []


def test_what_reads_documents_has_no_token(made: Made, launcher_of: Launcher) -> None:
    alone = launcher_of("default")
    assert run_job(alone)["spec"]["template"]["spec"]["automountServiceAccountToken"] is False
    for name in ("-code", "-metrics"):
        assert pod(made["default"], name).spec["automountServiceAccountToken"] is False
    bindings = named(made["default"].objects, "RoleBinding").values()
    bound = {subject["name"] for each in bindings for subject in each["subjects"]}
    assert bound == {"mill-docmill-daemon", "mill-docmill-webserver"}


def test_with_step_pods_the_run_starts_them_and_they_have_no_token(made: Made, launcher_of: Launcher) -> None:
    launcher = launcher_of("steps")
    told = settings_of(made["steps"])["execution"]["k8s"]
    run, step = of_job(run_job(launcher)), of_job(step_job(launcher, told, "layout", WORKERS))
    assert (run.spec["automountServiceAccountToken"], step.spec["automountServiceAccountToken"]) == (
        True,
        False,
    )
    assert (run.spec["serviceAccountName"], step.spec["serviceAccountName"]) == (
        "mill-docmill-runs",
        "mill-docmill-steps",
    )
    assert "mill-docmill-steps" in named(made["steps"].objects, "ServiceAccount")
    assert told["max_concurrent"] == 2


def test_steps_have_their_own_nodes_and_resources(made: Made, launcher_of: Launcher) -> None:
    launcher = launcher_of("steps")
    told = settings_of(made["steps"])["execution"]["k8s"]
    layout = of_job(step_job(launcher, told, "layout", WORKERS))
    assert layout.spec["nodeSelector"] == {"pool": "spot"}
    assert [each["key"] for each in layout.spec["tolerations"]] == ["spot"]
    assert layout.containers[0]["resources"]["limits"]["cpu"] == "3"
    run = of_job(run_job(launcher))
    assert "nodeSelector" not in run.spec and "tolerations" not in run.spec
    memory = run.containers[0]["resources"]["limits"]["memory"]
    assert parse_quantity(memory) < parse_quantity(layout.containers[0]["resources"]["limits"]["memory"])
    assert {volume["name"] for volume in layout.spec["volumes"]} == {
        volume["name"] for volume in run.spec["volumes"]
    }


def test_a_volume_of_one_node_keeps_its_pods_there(made: Made, launcher_of: Launcher) -> None:
    run = of_job(run_job(launcher_of("default")))
    [term] = run.spec["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    together = [each for each in pods(made["default"].objects) if matches(term["labelSelector"], each.labels)]
    using = [
        each
        for each in pods(made["default"].objects)
        if any(volume["name"] == "data" for volume in each.spec["volumes"])
    ]
    assert using and using == together and matches(term["labelSelector"], run.labels)
    assert "affinity" not in pod(made["many nodes"], "-code").spec
    assert made["s3"].all("PersistentVolumeClaim") == [
        each for each in made["s3"].all("PersistentVolumeClaim") if "triton" in each["metadata"]["name"]
    ]


# --- rights and networks ---

#: What Dagster's client of Kubernetes and docmill's launcher call, as rules.
CALLED = {
    ("batch", "jobs", "create"),
    ("batch", "jobs", "delete"),
    ("batch", "jobs", "deletecollection"),
    ("batch", "jobs", "list"),
    ("batch", "jobs/status", "get"),
    ("", "pods", "list"),
    ("", "pods", "delete"),
    ("", "pods/log", "get"),
    ("", "events", "list"),
}


def rights(rendered: Rendered, role: str) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rendered.one("Role", role)["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_accounts_have_the_verbs_that_they_use(made: Made) -> None:
    assert rights(made["steps"], "-daemon") == CALLED
    end = {("batch", "jobs", "delete"), ("", "pods", "list"), ("", "pods", "delete")}
    assert rights(made["steps"], "-webserver") == end
    assert rights(made["steps"], "-runs") == end | {
        ("batch", "jobs", "create"),
        ("batch", "jobs/status", "get"),
    }
    assert made["steps"].all("ClusterRole") == []


def policies(rendered: Rendered, labels: Mapping[str, str]) -> list[Obj]:
    found = rendered.all("NetworkPolicy")
    return [each for each in found if matches(each["spec"]["podSelector"], labels)]


def blocks(rendered: Rendered, labels: Mapping[str, str]) -> set[str]:
    """The addresses outside the cluster that pods with these labels reach; they have one policy exactly."""
    [policy] = policies(rendered, labels)
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    rules = policy["spec"]["egress"]
    assert all(rule.get("to") for rule in rules), "a rule without peers allows every address"
    return {peer["ipBlock"]["cidr"] for rule in rules for peer in rule["to"] if "ipBlock" in peer}


@pytest.mark.parametrize("case", CASES)
def test_every_pod_has_one_policy(made: Made, case: str, launcher_of: Launcher) -> None:
    launcher = launcher_of(case)
    jobs = [run_job(launcher)] + ([step_job(launcher, {}, "pages", WORKERS)] if case == "steps" else [])
    for each in pods([*made[case].objects, *jobs]):
        assert len(policies(made[case], each.labels)) == 1, each.name


def test_what_reads_documents_reaches_nothing_outside_but_the_store(
    made: Made, launcher_of: Launcher
) -> None:
    store, database = "10.2.0.0/16", "10.1.0.0/16"
    assert blocks(made["default"], of_job(run_job(launcher_of("default"))).labels) == set()
    assert blocks(made["s3"], of_job(run_job(launcher_of("s3"))).labels) == {store, database}
    assert blocks(made["s3"], pod(made["s3"], "-metrics").labels) == {store, database}
    steps = launcher_of("steps")
    assert blocks(made["steps"], of_job(step_job(steps, {}, "pages", WORKERS)).labels) == set()
    assert blocks(made["steps"], of_job(run_job(steps)).labels) == {"0.0.0.0/0"}
    assert blocks(made["default"], pod(made["default"], "-daemon").labels) == {"0.0.0.0/0"}
    assert blocks(made["default"], pod(made["default"], "-postgresql").labels) == set()


def test_servers_and_runs_let_each_other_talk(made: Made, launcher_of: Launcher) -> None:
    """A policy on either side is enough to keep them apart."""
    servers = [pod(made["vllm"], name) for name in ("mill-triton", "mill-vllm")]
    run = of_job(run_job(launcher_of("vllm")))
    [ours] = policies(made["vllm"], run.labels)
    for server in servers:
        [theirs] = policies(made["vllm"], server.labels)
        assert any(
            matches(peer["podSelector"], run.labels)
            for rule in theirs["spec"]["ingress"]
            for peer in rule["from"]
            if "podSelector" in peer
        )
        assert any(
            matches(peer["podSelector"], server.labels)
            for rule in ours["spec"]["egress"]
            for peer in rule["to"]
            if "podSelector" in peer
        )


# --- secrets, tests ---


def test_no_value_of_a_secret_is_in_the_chart(made: Made) -> None:
    assert made["s3"].all("Secret") == []
    [own] = made["default"].all("Secret")
    password = own["stringData"]["password"]
    others = json.dumps([each for each in made["default"].objects if each is not own])
    assert len(password) == 32 and password not in others
    assert own["stringData"]["url"].startswith("postgresql+psycopg2://")


def test_each_of_helms_tests_asks_what_is_installed(made: Made) -> None:
    def asked(case: str) -> Collection[str]:
        return {each["metadata"]["name"].rpartition("test-")[2] for each in made[case].all("Pod")}

    assert asked("laptop") == {"conversion", "health"}
    assert asked("default") == {"conversion", "health", "inference"}
    assert asked("vllm") == {"conversion", "health", "inference", "completion"}
    told = variables(pod(made["vllm"], "-test-inference"))
    assert (told["TRITON_HTTP"], told["TRITON_GRPC"]) == ("mill-triton:8000", "mill-triton:8001")
    for each in made["vllm"].all("Pod"):
        script = Path(each["spec"]["containers"][0]["command"][-1])
        if script.suffix == ".py":
            assert script.name in made["vllm"].one("ConfigMap", "-tests")["data"]


def test_the_queue_is_as_long_as_the_values_say(made: Made, tmp_path: Path) -> None:
    with instance_of(instance_settings(made["default"]), tmp_path) as instance:
        coordinator: Any = instance.run_coordinator
        assert isinstance(coordinator, dg.QueuedRunCoordinator)
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    runs = instance_settings(made["default"])["concurrency"]["runs"]
    assert runs["max_concurrent_runs"] == values["runs"]["maxConcurrent"]
