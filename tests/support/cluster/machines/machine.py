"""A node with Kubernetes' own kubelet, on containerd: pods are containers, with a network of their own.

Pods are on a bridge and reach this machine's address there, and nothing else. The kernel's settings that a
kubelet changes are put back at the end. Needs root.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from kubernetes import client

from tests.support.cluster.control_plane import MACHINE, ControlPlane
from tests.support.cluster.machines.containerd import Containerd, unmount

__all__ = ["ADDRESS", "Machine"]

_BRIDGE = "docmill0"
_NETWORK = "10.88.77.0/24"
#: This machine's, as pods reach it.
ADDRESS = "10.88.77.1"
_PORT = 26250
#: A kubelet's own wishes of the kernel, and the bridge's.
_SETTINGS = (
    *("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops"),
    *("kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes", "net/ipv4/ip_forward"),
)
_START_S = 180.0


@dataclass
class Machine:
    """Use as a context manager, inside that of the control plane."""

    plane: ControlPlane
    folder: Path
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: Sequence[str] = ()
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Machine:
        with ExitStack() as opening:
            opening.enter_context(_settings_kept())
            opening.enter_context(_bridge())
            self.containerd = opening.enter_context(Containerd(self.folder / "containerd"))
            self._write_network()
            opening.callback(_remove_groups)
            opening.callback(unmount, self.folder)
            opening.enter_context(self._kubelet())
            opening.callback(self._forget)
            self._wait()
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    @property
    def log(self) -> Path:
        """What the kubelet said."""
        return self.folder / "kubelet.log"

    def _write_network(self) -> None:
        addresses = {"type": "host-local", "dataDir": str(self.folder / "addresses")}
        bridge = {
            "type": "bridge",
            "bridge": _BRIDGE,
            "isGateway": True,
            "ipam": addresses | {"ranges": [[{"subnet": _NETWORK}]]},
        }
        network = {"cniVersion": "0.4.0", "name": "docmill", "plugins": [bridge]}
        (self.folder / "containerd/networks/10-docmill.conflist").write_text(json.dumps(network))

    @contextmanager
    def _kubelet(self) -> Iterator[None]:
        configuration = {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": ADDRESS,
            "port": _PORT,
            "healthzPort": 0,
            "readOnlyPort": 0,
            # whoever reaches it is of this machine
            "authentication": {"anonymous": {"enabled": True}, "webhook": {"enabled": False}},
            "authorization": {"mode": "AlwaysAllow"},
            "cgroupDriver": "cgroupfs",
            "enforceNodeAllocatable": [],
            "failSwapOn": False,
            "evictionHard": {"memory.available": "100Mi"},
            "imageGCHighThresholdPercent": 100,
            "resolvConf": "",
            "makeIPTablesUtilChains": False,
        }
        written = self.folder / "kubelet.yaml"
        written.write_text(yaml.safe_dump(configuration))
        options = {
            "config": written,
            "kubeconfig": self.plane.kubeconfig(MACHINE),
            "hostname-override": MACHINE,
            "node-ip": ADDRESS,
            "root-dir": self.folder / "kubelet",
            "cert-dir": self.folder / "kubelet-keys",
            "container-runtime": "remote",
            "container-runtime-endpoint": f"unix://{self.containerd.socket}",
            "node-labels": ",".join(f"{key}={value}" for key, value in self.labels.items()),
            "register-with-taints": ",".join(self.taints),
        }
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [self.plane.programs["kubelet"], *(f"--{name}={value}" for name, value in options.items())],
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _wait(self) -> None:
        core, deadline = client.CoreV1Api(self.plane.api), time.monotonic() + _START_S
        while True:
            with suppress(client.ApiException):
                conditions = core.read_node(MACHINE).status.conditions or []
                if any(each.type == "Ready" and each.status == "True" for each in conditions):
                    return
            alive = self._process.poll() is None
            assert alive and time.monotonic() < deadline, self.log.read_text()[-4000:]
            time.sleep(0.3)

    def _forget(self) -> None:
        with suppress(client.ApiException):
            client.CoreV1Api(self.plane.api).delete_node(MACHINE)


@contextmanager
def _settings_kept() -> Iterator[None]:
    """The kernel's settings are as they were, afterwards."""
    places = [Path("/proc/sys") / name for name in _SETTINGS]
    before = {place: place.read_text() for place in places if place.exists()}
    try:
        yield
    finally:
        for place, value in before.items():
            place.write_text(value)


@contextmanager
def _bridge() -> Iterator[None]:
    for arguments in (
        ("link", "add", _BRIDGE, "type", "bridge"),
        ("address", "add", f"{ADDRESS}/24", "dev", _BRIDGE),
        ("link", "set", _BRIDGE, "up"),
    ):
        subprocess.run(["ip", *arguments], check=True)
    try:
        yield
    finally:
        subprocess.run(["ip", "link", "delete", _BRIDGE], check=False)


def _remove_groups() -> None:
    """The control groups of pods, which are empty by now."""
    for controller in Path("/sys/fs/cgroup").iterdir():
        for name in ("kubepods", _BRIDGE):
            for group in sorted((controller / name).rglob("*"), reverse=True):
                if group.is_dir():
                    with suppress(OSError):
                        group.rmdir()
            with suppress(OSError):
                (controller / name).rmdir()
