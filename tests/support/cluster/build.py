"""The servers of Kubernetes, built once of Debian's source and kept in docmill's home.

Debian 12 has one version whole: 1.20.2, with what it vendors. It vendors reflect2 1.0.1, whose two-argument
`reflect.mapiterinit` overwrites memory when built by Go 1.18 or newer, so that the API server panics on JSON
bodies; Debian's own reflect2 1.0.2 takes its place.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from docmill.resources.home import default_home
from tests.support.cluster.debian import Debian

__all__ = ["BuildError", "Programs", "programs"]

VERSION = "1.20.2"
_DEBIAN_VERSION = "1.20.5+really1.20.2-1.1+deb12u1"
_REFLECT2 = "1.0.2"
_BUILT = ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet")
#: Go, the store behind the API server, and what Kubernetes' makefiles call.
_TOOLS = ("golang-1.19-go", "golang-1.19-src", "etcd-server", "rsync", "libpopt0", "libxxhash0")


class BuildError(RuntimeError):
    """The servers could not be built; the message has the end of the log."""


@dataclass(frozen=True)
class Programs:
    """Where the programs are: etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kubelet."""

    folder: Path

    def __getitem__(self, name: str) -> str:
        return str(self.folder / name)


def programs() -> Programs:
    """The built programs: found by their version, else built, which takes minutes of two cores and 3 GB.

    They are in `$DOCMILL_HOME/kubernetes`, or in `$DOCMILL_KUBERNETES`. Raises `DebianError` or `BuildError`.
    """
    home = Path(os.environ.get("DOCMILL_KUBERNETES") or default_home() / "kubernetes").absolute()
    home.mkdir(parents=True, exist_ok=True)
    built = home / f"{VERSION}-reflect2-{_REFLECT2}"
    with FileLock(home / "building.lock"):
        if not built.exists():
            with tempfile.TemporaryDirectory(prefix="building-", dir=home) as work:
                _build(Path(work)).rename(built)
    return Programs(built)


def _build(work: Path) -> Path:
    """The folder of the programs, inside `work`."""
    debian = Debian(work / "apt")
    debian.update()
    tools = work / "tools"
    debian.unpack((*_TOOLS, "golang-github-modern-go-reflect2-dev"), tools)
    source = work / "source"
    debian.source("kubernetes", _DEBIAN_VERSION, source)
    vendored = source / "vendor/github.com/modern-go/reflect2"
    shutil.rmtree(vendored)
    shutil.copytree(tools / "usr/share/gocode/src/github.com/modern-go/reflect2", vendored)
    workspace = source / ".go/src/k8s.io"
    workspace.mkdir(parents=True)
    (workspace / "kubernetes").symlink_to("../../..")
    _make(source, tools, work / "build.log")
    done = work / "programs"
    done.mkdir()
    for name in _BUILT:
        shutil.copy2(source / "_output/local/go/bin" / name, done)
    shutil.copy2(tools / "usr/bin/etcd", done)
    return done


def _make(source: Path, tools: Path, log: Path) -> None:
    major, minor, _patch = VERSION.split(".")
    go = tools / "usr/lib/go-1.19"
    variables = {
        **os.environ,
        "PATH": f"{go}/bin:{tools}/usr/bin:{os.environ['PATH']}",
        "LD_LIBRARY_PATH": f"{tools}/usr/lib/x86_64-linux-gnu",
        "GOROOT": str(go),
        "GOPATH": str(source / ".go"),
        "GOCACHE": str(source.parent / "go-cache"),
        "GOPROXY": "off",
        # without what Kubernetes knows of clouds, which is a third of the work
        "GOFLAGS": "-p=2 -tags=providerless",
        "CGO_ENABLED": "0",
        "KUBE_GIT_VERSION": f"v{VERSION}",
        "KUBE_GIT_COMMIT": "debian",
        "KUBE_GIT_TREE_STATE": "clean",
        "KUBE_GIT_MAJOR": major,
        "KUBE_GIT_MINOR": minor,
    }
    command = ["nice", "make", "WHAT=" + " ".join(f"cmd/{name}" for name in _BUILT)]
    with log.open("wb") as output:
        done = subprocess.run(command, cwd=source, env=variables, stdout=output, stderr=output, check=False)
    if done.returncode != 0:
        raise BuildError(f"make ended with {done.returncode}: {log.read_text(errors='replace')[-3000:]}")


if __name__ == "__main__":
    begun = time.monotonic()
    sys.stdout.write(f"{programs().folder}, after {time.monotonic() - begun:.0f} s\n")
