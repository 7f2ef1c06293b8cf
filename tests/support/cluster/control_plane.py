"""A control plane on loopback: etcd, kube-apiserver, kube-controller-manager and kube-scheduler.

Each is a process of its own that can be killed and started again. There is no node: see `process_kubelet`.
"""

from __future__ import annotations

import ipaddress
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx2
import yaml
from kubernetes import client, config
from urllib3.exceptions import HTTPError

from tests.support.cluster.build import Programs
from tests.support.cluster.scaling.certificates import make_authority, make_certificate

__all__ = ["MACHINE", "SERVICES", "ControlPlane", "Part"]

Part = Literal["etcd", "apiserver", "controller-manager", "scheduler"]

#: Where services get their addresses: of loopback, so that nothing is routed and each has ports of its own.
SERVICES = ipaddress.ip_network("127.96.0.0/24")
#: The name of the node whose kubelet is Kubernetes' own, where there is one.
MACHINE = "machine"
_USERS = {
    "admin": ("admin", '"system:masters"'),
    "controller-manager": ("system:kube-controller-manager", ""),
    "scheduler": ("system:kube-scheduler", ""),
    MACHINE: (f"system:node:{MACHINE}", '"system:nodes"'),
}
_START_S = 180.0
#: How long the API server may be away, and the first status that is its own fault.
_AWAY_S, _SERVER_ERRORS = 120.0, 500


@dataclass
class ControlPlane:
    """Use as a context manager: everything is in `folder`, and gone with the processes."""

    folder: Path
    programs: Programs
    #: Settings of the controller manager beside ours, e.g. `{"node-monitor-grace-period": "10s"}`.
    controllers: Mapping[str, str] = field(default_factory=dict)
    _running: dict[Part, subprocess.Popen[bytes]] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> ControlPlane:
        with ExitStack() as opening:
            opening.callback(self._end)
            self.folder.mkdir(parents=True)
            self._ports = dict(zip(("etcd", "peer", "api", "kcm", "sched"), _free_ports(5), strict=True))
            self._make_keys()
            for part in ("etcd", "apiserver", "controller-manager", "scheduler"):
                self.start(part)
            self.api = _PatientClient(self.kubeconfig("admin"))
            opening.callback(self.api.close)
            self._wait_for_accounts()
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    @property
    def port(self) -> int:
        """The API server's, on 127.0.0.1."""
        return self._ports["api"]

    @property
    def authority(self) -> str:
        """The certificate that the API server is known by, as PEM."""
        return (self.folder / "api/apiserver.crt").read_text()

    def kubeconfig(self, user: str) -> Path:
        """How a user reaches the API server."""
        return self.folder / f"{user}.kubeconfig"

    def start(self, part: Part) -> None:
        """Start it, and wait until the API server answers if that is what it is."""
        with self.log(part).open("ab") as output:
            self._running[part] = subprocess.Popen(
                self._command(part), stdout=output, stderr=output, cwd=self.folder, start_new_session=True
            )
        if part == "apiserver":
            self._wait_until_ready()

    def kill(self, part: Part) -> None:
        """As when its machine loses power."""
        process = self._running.pop(part)
        process.kill()
        process.wait()

    def log(self, part: Part) -> Path:
        """What it said."""
        return self.folder / f"{part}.log"

    def _command(self, part: Part) -> list[str]:
        etcd = f"http://127.0.0.1:{self._ports['etcd']}"
        peer = f"http://127.0.0.1:{self._ports['peer']}"
        options: dict[str, Any]
        match part:
            case "etcd":
                program = "etcd"
                options = {
                    "data-dir": self.folder / "etcd",
                    "listen-client-urls": etcd,
                    "advertise-client-urls": etcd,
                    "listen-peer-urls": peer,
                    "initial-advertise-peer-urls": peer,
                    "initial-cluster": f"default={peer}",
                    "unsafe-no-fsync": "true",
                }
            case "apiserver":
                program = "kube-apiserver"
                options = {
                    "etcd-servers": etcd,
                    "bind-address": "127.0.0.1",
                    "advertise-address": "127.0.0.1",
                    "secure-port": self.port,
                    "insecure-port": 0,
                    "cert-dir": self.folder / "api",
                    "service-account-issuer": "https://kubernetes.default.svc",
                    "service-account-signing-key-file": self.folder / "accounts.key",
                    "service-account-key-file": self.folder / "accounts.pub",
                    "token-auth-file": self.folder / "tokens.csv",
                    "authorization-mode": "Node,RBAC",
                    "service-cluster-ip-range": SERVICES,
                    "allow-privileged": "true",
                    "kubelet-preferred-address-types": "InternalIP",
                    "runtime-config": "api/all=true",
                    # servers behind it know it by this
                    "requestheader-client-ca-file": self.folder / "front-proxy-ca.crt",
                    "requestheader-allowed-names": "front-proxy",
                    "requestheader-username-headers": "X-Remote-User",
                    "requestheader-group-headers": "X-Remote-Group",
                    "requestheader-extra-headers-prefix": "X-Remote-Extra-",
                    "proxy-client-cert-file": self.folder / "front-proxy.crt",
                    "proxy-client-key-file": self.folder / "front-proxy.key",
                    # Jobs that are finished go after a time, as since 1.23 without asking
                    "feature-gates": "TTLAfterFinished=true",
                }
            case "controller-manager":
                program = "kube-controller-manager"
                options = {
                    **self._controller_options(part, "kcm"),
                    "use-service-account-credentials": "true",
                    "service-account-private-key-file": self.folder / "accounts.key",
                    "root-ca-file": self.folder / "api/apiserver.crt",
                    "controllers": "*,-csrsigning,-csrapproving,-csrcleaner",
                    "feature-gates": "TTLAfterFinished=true",
                    # volumes for claims: folders of /tmp/hostpath_pv
                    "enable-hostpath-provisioner": "true",
                    **self.controllers,
                }
            case "scheduler":
                program = "kube-scheduler"
                options = self._controller_options(part, "sched")
        return [self.programs[program], *(f"--{name}={value}" for name, value in options.items())]

    def _controller_options(self, user: str, port: str) -> dict[str, Any]:
        return {
            "kubeconfig": self.kubeconfig(user),
            "leader-elect": "false",
            "bind-address": "127.0.0.1",
            "secure-port": self._ports[port],
            "port": 0,
            "cert-dir": self.folder / user,
        }

    def _make_keys(self) -> None:
        """The key of service accounts' tokens, and throw-away tokens of the control plane's own users."""
        for name, arguments in (
            ("accounts.key", ["genrsa", "-out", "accounts.key", "2048"]),
            ("accounts.pub", ["rsa", "-in", "accounts.key", "-pubout", "-out", "accounts.pub"]),
        ):
            done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True, check=False)
            assert done.returncode == 0, (name, done.stderr)
        make_authority(self.folder, "front-proxy-ca")
        make_certificate(self.folder, "front-proxy-ca", "front-proxy", "extendedKeyUsage=clientAuth\n")
        lines = []
        for user, (name, groups) in _USERS.items():
            token = secrets.token_hex(16)
            lines.append(f"{token},{name},{user},{groups}\n")
            written = {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "here", "cluster": self._cluster()}],
                "users": [{"name": user, "user": {"token": token}}],
                "contexts": [{"name": "here", "context": {"cluster": "here", "user": user}}],
                "current-context": "here",
            }
            self.kubeconfig(user).write_text(yaml.safe_dump(written))
        (self.folder / "tokens.csv").write_text("".join(lines))

    def _cluster(self) -> dict[str, str]:
        # the API server writes its certificate when it starts
        authority = str(self.folder / "api/apiserver.crt")
        return {"server": f"https://127.0.0.1:{self.port}", "certificate-authority": authority}

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_S
        while not self._answers():
            process = self._running["apiserver"]
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(self.log("apiserver").read_text()[-4000:])
            time.sleep(0.2)

    def _answers(self) -> bool:
        token = yaml.safe_load(self.kubeconfig("admin").read_text())["users"][0]["user"]["token"]
        try:
            # its certificate may not be written yet
            answer = httpx2.get(
                f"https://127.0.0.1:{self.port}/readyz",
                headers={"Authorization": f"Bearer {token}"},
                verify=False,
                timeout=5.0,
            )
        except httpx2.TransportError:
            return False
        return answer.text == "ok"

    def _wait_for_accounts(self) -> None:
        """Until a pod can be made: it takes the namespace's account, which a controller makes."""
        core = client.CoreV1Api(self.api)
        deadline = time.monotonic() + _START_S
        while not any(
            account.metadata.name == "default" and account.secrets
            for account in core.list_namespaced_service_account("default").items
        ):
            if time.monotonic() > deadline:
                raise RuntimeError(self.log("controller-manager").read_text()[-4000:])
            time.sleep(0.2)

    def _end(self) -> None:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        for process in self._running.values():
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
        shutil.rmtree(self.folder / "etcd", ignore_errors=True)


class _PatientClient(client.ApiClient):  # type: ignore[misc]
    """Asks again for a while when the API server is away."""

    def __init__(self, kubeconfig: Path) -> None:
        found = client.Configuration()
        config.load_kube_config(str(kubeconfig), client_configuration=found)
        found.retries = False
        super().__init__(found)

    def call_api(self, *arguments: Any, **options: Any) -> Any:
        deadline = time.monotonic() + _AWAY_S
        while True:
            try:
                return super().call_api(*arguments, **options)
            except (HTTPError, client.ApiException) as error:
                told = getattr(error, "status", None)
                if time.monotonic() > deadline or (told is not None and told < _SERVER_ERRORS):
                    raise
                time.sleep(0.3)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
