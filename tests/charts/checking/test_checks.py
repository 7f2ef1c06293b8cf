"""Each check accepts the sample, and says what is wrong with one that is broken in one place."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts.checking.sample import put, sample
from tests.charts.checks.everything import problems_of

POD = "spec>template>spec"
SERVER = f"{POD}>containers>0"

#: The object, the place, what is put there, and words of the only problem that comes of it.
BROKEN: list[tuple[str, str, Any, str]] = [
    # names
    ("ConfigMap", "metadata>name", "Settings", "is no name of a ConfigMap"),
    ("Service", "metadata>name", "1-server", "is no name of a Service"),
    ("Deployment", "metadata>name", "s" * 47, "47 characters are more than 46"),
    ("Deployment", "metadata>labels>app", "a" * 64, "label app cannot be"),
    ("Deployment", "metadata>labels>a b", "x", "is no key of labels"),
    ("Deployment", "metadata>annotations", {"a": 1}, "annotation a is no text"),
    ("Deployment", f"{SERVER}>name", "Server", "'Server' is no name"),
    ("Deployment", f"{SERVER}>ports>1>name", "metrics-are-here-now", "is no name of a port"),
    ("Deployment", f"{SERVER}>env>2", {"name": "HOST", "value": "x"}, "variable HOST is there twice"),
    ("ConfigMap", "data>a b", "x", "'a b' is no key"),
    # selectors
    ("Deployment", "spec>selector>matchLabels", {"app": "other"}, "does not take the labels of its own pods"),
    (
        "Deployment",
        f"{POD}>topologySpreadConstraints>0>labelSelector>matchLabels",
        {"app": "x"},
        "spreads other pods",
    ),
    ("Service", "spec>selector>app", "other", "Service/server selects no pod"),
    (
        "PodDisruptionBudget",
        "spec>selector",
        {"matchLabels": {"app": "x"}},
        "PodDisruptionBudget/server selects no",
    ),
    ("NetworkPolicy", "spec>podSelector>matchLabels>tier", "cpu", "NetworkPolicy/server selects no pod"),
    ("ServiceMonitor", "spec>selector>matchExpressions>0>operator", "NotIn", "selects no service"),
    # ports
    ("Deployment", f"{SERVER}>ports>2", {"containerPort": 70000}, "70000 is no port"),
    ("Deployment", f"{SERVER}>ports>2", {"containerPort": 8000}, "port 8000 is there 2 times"),
    ("Deployment", f"{SERVER}>ports>2", {"name": "http", "containerPort": 8003}, "2 ports are called http"),
    ("Deployment", f"{SERVER}>livenessProbe>httpGet>port", "web", "probed at port 'web'"),
    ("Service", "spec>ports>0>port", 0, "0 is no port"),
    ("Service", "spec>ports>0>targetPort", "web", "has no port 'web'"),
    ("Service", "spec>ports>0>targetPort", 8009, "has no port 8009"),
    (
        "Service",
        "spec>ports>2",
        {"name": "http", "port": 8001, "targetPort": 8000},
        "2 ports are called http",
    ),
    ("NetworkPolicy", "spec>ingress>0>ports>0>port", "grpc", "that it protects has port 'grpc'"),
    ("NetworkPolicy", "spec>egress>0>ports>0>port", 99999, "99999 is no port"),
    ("ServiceMonitor", "spec>endpoints>0>port", "web", "Service/server has no port 'web'"),
    # quantities
    ("Deployment", f"{SERVER}>resources>limits>memory", "1GGG", "'1GGG' is no quantity"),
    ("Deployment", f"{SERVER}>resources>requests>memory", "3Gi", "requests more memory than its limit"),
    ("Deployment", f"{SERVER}>resources>requests>memory", "500m", "a part of a byte"),
    ("Deployment", f"{SERVER}>resources>requests>cpu", "-1", "cpu is negative"),
    ("Deployment", f"{SERVER}>resources>limits>nvidia.com/gpu", "500m", "comes in whole pieces"),
    ("Deployment", f"{SERVER}>resources>requests>amd.com/gpu", 1, "needs a limit"),
    ("Deployment", f"{SERVER}>resources>requests>nvidia.com/gpu", 0, "must be the same"),
    ("Deployment", f"{SERVER}>resources>limits>gpu", 1, "there is no resource gpu"),
    ("Deployment", f"{POD}>volumes>1>emptyDir>sizeLimit", "1gb", "'1gb' is no quantity"),
    ("PersistentVolumeClaim", "spec>resources>requests>storage", "20 Gi", "'20 Gi' is no quantity"),
    # probes
    ("Deployment", f"{SERVER}>livenessProbe", None, "has no livenessProbe"),
    ("Deployment", f"{SERVER}>readinessProbe", None, "has no readinessProbe"),
    ("Deployment", f"{SERVER}>readinessProbe>timeoutSeconds", 11, "waits longer for an answer"),
    ("Deployment", f"{SERVER}>readinessProbe>exec", {"command": ["x"]}, "must ask in one way"),
    ("Deployment", f"{SERVER}>livenessProbe>successThreshold", 2, "one success must be enough"),
    ("Deployment", f"{SERVER}>livenessProbe>failureThreshold", 0, "failureThreshold is 0"),
    ("Deployment", f"{POD}>terminationGracePeriodSeconds", 5, "killed after 5 s, while it sleeps 5 s"),
    # security
    ("Deployment", f"{POD}>securityContext>runAsNonRoot", None, "may run as root"),
    ("Deployment", f"{SERVER}>securityContext>runAsUser", 0, "runs as root"),
    ("Deployment", f"{POD}>securityContext>seccompProfile>type", "Unconfined", "no seccomp profile"),
    ("Deployment", f"{SERVER}>securityContext>allowPrivilegeEscalation", None, "may gain privileges"),
    ("Deployment", f"{SERVER}>securityContext>privileged", True, "is privileged"),
    ("Deployment", f"{SERVER}>securityContext>capabilities>drop", ["NET_RAW"], "keeps capabilities"),
    (
        "Deployment",
        f"{SERVER}>securityContext>capabilities>add",
        ["SYS_ADMIN"],
        "adds capabilities SYS_ADMIN",
    ),
    ("Deployment", f"{SERVER}>securityContext>readOnlyRootFilesystem", False, "can write its root"),
    ("Deployment", f"{SERVER}>ports>0>hostPort", 8000, "hostPort"),
    ("Deployment", f"{POD}>hostNetwork", True, "hostNetwork"),
    (
        "Deployment",
        f"{POD}>volumes>1",
        {"name": "shm", "hostPath": {"path": "/"}},
        "volume shm is a hostPath",
    ),
    # references
    ("Deployment", f"{POD}>serviceAccountName", "nobody", "no ServiceAccount nobody"),
    ("Deployment", f"{POD}>imagePullSecrets", [{"name": "pull"}], "no Secret pull"),
    ("Deployment", f"{POD}>volumes>0>persistentVolumeClaim>claimName", "x", "no PersistentVolumeClaim x"),
    ("Deployment", f"{SERVER}>env>1>valueFrom>configMapKeyRef>key", "b", "ConfigMap/settings has no key b"),
    ("Deployment", f"{SERVER}>envFrom", [{"secretRef": {"name": "keys"}}], "no Secret keys"),
    ("Deployment", f"{SERVER}>volumeMounts>2", {"name": "tmp", "mountPath": "/tmp"}, "which is no volume"),
    ("Deployment", f"{SERVER}>volumeMounts>1", None, "nobody mounts shm"),
    (
        "Deployment",
        f"{SERVER}>volumeMounts>2",
        {"name": "shm", "mountPath": "/models"},
        "mounts /models twice",
    ),
    ("Deployment", f"{SERVER}>args>0", "--port=$(PORT)", "uses $(PORT), which is not set"),
    ("RoleBinding", "roleRef>name", "boss", "no Role boss"),
    # targets
    ("ScaledObject", "spec>scaleTargetRef>name", "x", "there is no Deployment x"),
    ("Deployment", "spec>replicas", 2, "sets replicas itself"),
    ("ScaledObject", "spec>minReplicaCount", 5, "at least 5 and at most 4"),
    ("ScaledObject", "spec>fallback>replicas", 9, "falls back to 9 replicas"),
    ("ScaledObject", "spec>triggers>0>metadata>threshold", 8, "must be text, not 8"),
    ("ScaledObject", "spec>triggers>1>name", "queue", "2 triggers are called queue"),
    ("ScaledObject", "spec>triggers>1>authenticationRef>name", "x", "no TriggerAuthentication x"),
    ("PodDisruptionBudget", "spec>minAvailable", 1, "needs one of"),
    ("PodDisruptionBudget", "spec>maxUnavailable", 0, "no node can be drained"),
]


def test_the_sample_is_in_order() -> None:
    assert problems_of(sample()) == []


@pytest.mark.parametrize(("kind", "path", "value", "words"), BROKEN)
def test_what_is_broken_is_said(kind: str, path: str, value: Any, words: str) -> None:
    assert any(words in problem for problem in problems_of(put(kind, path, value)))


def test_an_object_that_is_there_twice() -> None:
    assert "ConfigMap/settings is there 2 times" in problems_of([*sample(), sample()[0]])


def test_fields_with_nothing_in_them() -> None:
    objects = sample()
    objects[6]["spec"]["ingress"][0]["ports"].append({"port": None, "protocol": "TCP"})
    assert "NetworkPolicy/server: spec.ingress[0].ports[1].port is null" in problems_of(objects)


def test_two_workloads_with_the_same_labels() -> None:
    other = put("Deployment", "metadata>name", "other")[3]
    assert any("takes the pods of Deployment/other" in problem for problem in problems_of([*sample(), other]))


def test_two_scalers_of_one_deployment() -> None:
    [other] = (
        each for each in put("ScaledObject", "metadata>name", "other") if each["kind"] == "ScaledObject"
    )
    assert "2 scalers want Deployment server" in problems_of([*sample(), other])


def test_the_token_of_the_default_account() -> None:
    objects = put("Deployment", f"{POD}>automountServiceAccountToken", None)
    del objects[3]["spec"]["template"]["spec"]["serviceAccountName"]
    assert any("token of the default service account" in problem for problem in problems_of(objects))


def test_what_others_make_is_not_missed() -> None:
    objects = put("Deployment", f"{POD}>imagePullSecrets", [{"name": "pull"}])
    assert problems_of(objects, {("Secret", "pull")}) == []
