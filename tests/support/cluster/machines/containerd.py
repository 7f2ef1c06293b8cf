"""containerd and runc of Debian's packages, in a folder: nothing is installed on the machine. Needs root."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock

from docmill.resources.home import default_home
from tests.support.cluster.debian import Debian
from tests.support.cluster.machines.archives import ImageConfig, write_archive

__all__ = ["Containerd", "packages"]

_PACKAGES = ("containerd", "runc", "containernetworking-plugins", "busybox-static")
_PAUSE = "localhost/pause:1"
_NAMESPACE = "k8s.io"
_START_S = 120.0
_CONFIGURATION = """
version = 2
root = "{folder}/root"
state = "{folder}/state"
[grpc]
  address = "{folder}/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{pause}"
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "{packages}/usr/lib/cni"
    conf_dir = "{folder}/networks"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = false
      BinaryName = "{packages}/usr/sbin/runc"
"""


def packages() -> Path:
    """Where their files are, as they would be below the root: fetched once, into docmill's home."""
    home = Path(os.environ.get("DOCMILL_KUBERNETES") or default_home() / "kubernetes").absolute()
    home.mkdir(parents=True, exist_ok=True)
    there = home / "containers"
    with FileLock(home / "containers.lock"):
        if not there.exists():
            with tempfile.TemporaryDirectory(prefix="fetching-", dir=home) as work:
                debian = Debian(Path(work) / "apt")
                debian.update()
                debian.unpack(_PACKAGES, Path(work) / "root")
                (Path(work) / "root").rename(there)
    return there


@dataclass
class Containerd:
    """Use as a context manager; everything is in `folder`, whose `networks` say how pods are connected."""

    folder: Path
    _packages: Path = field(default_factory=packages)

    def __enter__(self) -> Containerd:
        (self.folder / "networks").mkdir(parents=True)
        configuration = self.folder / "containerd.toml"
        configuration.write_text(
            _CONFIGURATION.format(folder=self.folder, packages=self._packages, pause=_PAUSE)
        )
        programs = f"{self._packages}/usr/bin:{self._packages}/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin"
        self._environment = {"PATH": programs}
        with (self.folder / "containerd.log").open("ab") as output:
            self._process = subprocess.Popen(
                [f"{self._packages}/usr/bin/containerd", "--config", str(configuration)],
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self._wait()
            self._import_pause()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error: object) -> None:
        with suppress(subprocess.CalledProcessError):
            for container in self.ctr("tasks", "list", "--quiet").split():
                with suppress(subprocess.CalledProcessError):
                    self.ctr("tasks", "delete", "--force", container)
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        unmount(self.folder)

    @property
    def socket(self) -> Path:
        """Where a kubelet asks it."""
        return self.folder / "containerd.sock"

    @property
    def plugins(self) -> Path:
        """Those that connect pods to networks."""
        return self._packages / "usr/lib/cni"

    def ctr(self, *arguments: str) -> str:
        """What its command line says to this."""
        done = subprocess.run(
            [*self._ctr, *arguments], env=self._environment, capture_output=True, text=True, check=True
        )
        return done.stdout

    def load(self, name: str, root: Path, config: ImageConfig) -> None:
        """An image of what is in a folder."""
        command = [*self._ctr, "images", "import", "-"]
        said = self.folder / "importing.log"
        with (
            tempfile.TemporaryDirectory(dir=self.folder) as work,
            said.open("wb") as output,
            subprocess.Popen(
                command, env=self._environment, stdin=subprocess.PIPE, stdout=output, stderr=output
            ) as importing,
        ):
            assert importing.stdin is not None
            write_archive(importing.stdin, name, root, config, Path(work))
        assert importing.returncode == 0, said.read_text()

    def kill(self, container: str) -> None:
        """All processes of a container, as the kernel does; its id is as the status of its pod has it."""
        self.ctr("tasks", "kill", "--all", "--signal", "SIGKILL", container.removeprefix("containerd://"))

    @property
    def _ctr(self) -> list[str]:
        return [f"{self._packages}/usr/bin/ctr", "-a", str(self.socket), "-n", _NAMESPACE]

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        while True:
            with suppress(subprocess.CalledProcessError):
                self.ctr("version")
                return
            log = self.folder / "containerd.log"
            assert self._process.poll() is None and time.monotonic() < deadline, log.read_text()[-4000:]
            time.sleep(0.2)

    def _import_pause(self) -> None:
        """What holds a pod's namespaces: a program that does nothing."""
        root = self.folder / "pause"
        (root / "bin").mkdir(parents=True)
        shutil.copy2(self._packages / "bin/busybox", root / "bin/sleep")
        self.load(_PAUSE, root, ImageConfig(("/bin/sleep", "2147483647"), {"PATH": "/bin"}))


def unmount(folder: Path) -> None:
    """All that is mounted below a folder."""
    mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
    for place in reversed([each for each in mounted if each.startswith(f"{folder}/")]):
        subprocess.run(["umount", "--lazy", place], check=False, capture_output=True)
