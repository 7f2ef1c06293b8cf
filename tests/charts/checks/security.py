"""The Pod Security Standard `restricted`, and what docmill asks beyond it.

https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tests.charts.checks.objects import Obj, Pod, pods

__all__ = ["check_security"]

_VOLUMES = frozenset(
    (
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "image",
        "persistentVolumeClaim",
        "projected",
        "secret",
    )
)
_PROFILES = ("RuntimeDefault", "Localhost")


def check_security(objects: Sequence[Obj]) -> Iterator[str]:
    """What `restricted` refuses, a root that can be written, and a token that nobody asked for.

    A token may be mounted where the pod has a service account of its own.
    """
    for pod in pods(objects):
        yield from _of_pod(pod)
        for container in pod.all_containers:
            yield from _of_container(pod, container)


def _of_pod(pod: Pod) -> Iterator[str]:
    spec = pod.spec
    for host in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(host):
            yield f"{pod.name}: {host}"
    for volume in spec.get("volumes", ()):
        if kinds := volume.keys() - {"name"} - _VOLUMES:
            yield f"{pod.name}: volume {volume['name']} is a {', '.join(sorted(kinds))}"
    if spec.get("automountServiceAccountToken") is not False and not spec.get("serviceAccountName"):
        yield f"{pod.name}: mounts the token of the default service account"


def _of_container(pod: Pod, container: Obj) -> Iterator[str]:
    label = f"{pod.name}: {container['name']}"
    of_pod, own = pod.spec.get("securityContext") or {}, container.get("securityContext") or {}
    both = {**of_pod, **own}
    if both.get("runAsNonRoot") is not True:
        yield f"{label}: may run as root"
    if both.get("runAsUser") == 0:
        yield f"{label}: runs as root"
    if (both.get("seccompProfile") or {}).get("type") not in _PROFILES:
        yield f"{label}: no seccomp profile"
    if own.get("allowPrivilegeEscalation") is not False:
        yield f"{label}: may gain privileges"
    if own.get("privileged"):
        yield f"{label}: is privileged"
    capabilities = own.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or ()):
        yield f"{label}: keeps capabilities"
    if more := set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
        yield f"{label}: adds capabilities {', '.join(sorted(more))}"
    if own.get("readOnlyRootFilesystem") is not True:
        yield f"{label}: can write its root"
    yield from (f"{label}: hostPort" for port in container.get("ports", ()) if port.get("hostPort"))
