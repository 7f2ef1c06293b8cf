"""Containers without images: processes in namespaces of their own over the machine's files.

A container has its own processes, host name and mounts. Its root is the machine's, read through an overlay
whose writes are gone with the container; volumes are bound into it where the pod says. The network is the
machine's. Memory is limited by a cgroup, so that the kernel kills what takes more. Needs root.
"""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

__all__ = ["Container", "ContainerPlan", "Image", "Mount"]

_CGROUPS = Path("/sys/fs/cgroup/memory")
#: Stays outside: the first process that it starts is the first one inside. `unshare --fork` would not say
#: which signal has ended that.
_WAIT = '"$@" & wait $!; exit $?'
#: Runs inside the new namespaces. $1 the host name, $2 the file of hosts, $3 a cgroup or nothing, $4 the
#: option of chroot, $5 the working folder, $6 `ro` or `rw`, $7 how many mounts; those as source, target, `ro`
#: or `rw`; then the command.
_ENTER = """
set -e
name=$1 hosts=$2 cgroup=$3 user=$4 folder=$5 writable=$6 mounts=$7; shift 7
if [ -n "$cgroup" ]; then echo 0 > "$cgroup/cgroup.procs"; fi
/usr/bin/hostname "$name"
/usr/bin/mount --make-rprivate /
/usr/bin/mount -t tmpfs layers /mnt
/usr/bin/mkdir /mnt/upper /mnt/work /mnt/merged
/usr/bin/mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/merged
# the interpreter may be in root's own folder, and the pod another user's
/usr/bin/chmod go+x /mnt/merged/root
/usr/bin/mount --rbind /dev /mnt/merged/dev
/usr/bin/mount -t proc proc /mnt/merged/proc
/usr/bin/mount --rbind /sys /mnt/merged/sys
/usr/bin/mount --bind "$hosts" /mnt/merged/etc/hosts
while [ "$mounts" -gt 0 ]; do
  target=/mnt/merged$(/usr/sbin/chroot /mnt/merged /usr/bin/realpath -m "$2")
  if [ -d "$1" ]; then /usr/bin/mkdir -p "$target"; else
    /usr/bin/mkdir -p "${target%/*}"; [ -e "$target" ] || : > "$target"; fi
  /usr/bin/mount --bind "$1" "$target"
  if [ "$3" = ro ]; then /usr/bin/mount -o remount,bind,ro "$target"; fi
  mounts=$((mounts - 1)); shift 3
done
if [ "$writable" = ro ]; then /usr/bin/mount -o remount,ro /mnt/merged; fi
exec /usr/sbin/chroot $user /mnt/merged /bin/sh -c 'cd "$0" && exec "$@"' "$folder" "$@"
"""


@dataclass(frozen=True)
class Mount:
    """A file or folder of the machine, and where the container has it."""

    source: Path
    target: str
    read_only: bool = False


@dataclass(frozen=True)
class Image:
    """What stands for an image: the machine's files, with variables, a command and a folder to begin in."""

    environment: Mapping[str, str]
    command: tuple[str, ...] = ()
    folder: str = "/"
    #: Over the pod's volumes, which may hide where the machine has these.
    mounts: tuple[Mount, ...] = ()


@dataclass(frozen=True)
class ContainerPlan:
    """All that a container is."""

    #: Names it among all that ever ran on the node.
    key: str
    command: Sequence[str]
    environment: Mapping[str, str]
    folder: str
    mounts: Sequence[Mount]
    host_name: str
    hosts: Path
    log: Path
    user: str = ""
    read_only: bool = False
    memory_bytes: int | None = None


@dataclass
class Container:
    """A running container."""

    plan: ContainerPlan
    _process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        plan = self.plan
        mounts = [
            part
            for mount in plan.mounts
            for part in (str(mount.source), mount.target, "ro" if mount.read_only else "rw")
        ]
        self._cgroup = self._make_cgroup()
        command = [
            *("/usr/bin/unshare", "--mount", "--uts", "--pid", "/bin/sh", "-c", _WAIT, "wait"),
            *("/usr/bin/setpriv", "--pdeathsig", "KILL", "/bin/sh", "-c", _ENTER, "enter"),
            *(plan.host_name, str(plan.hosts)),
            str(self._cgroup or ""),
            f"--userspec={plan.user}" if plan.user else "--userspec=0:0",
            plan.folder,
            "ro" if plan.read_only else "rw",
            str(len(plan.mounts)),
            *mounts,
            *plan.command,
        ]
        with plan.log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                env={"PATH": "/usr/bin:/bin", **plan.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def wait(self, seconds: float) -> int | None:
        """Its exit code as Kubernetes has it (137 when it was killed), or None while it runs."""
        try:
            code = self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None
        return code if code >= 0 else 128 - code

    def run(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Another process in it, as a hook's; what it says is in the container's log."""
        inside = ("nsenter", "--target", str(self.pids()[0]), "--mount", "--uts", "--pid", "--root", "--wd")
        with self.plan.log.open("ab") as output:
            return subprocess.Popen(
                [*inside, "--", *command],
                env={"PATH": "/usr/bin:/bin", **self.plan.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def terminate(self) -> None:
        """Ask its first process to end."""
        for pid in self.pids()[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def kill(self) -> None:
        """End all its processes, as the kernel does: without a word."""
        for pid in self.pids()[:1]:  # a namespace ends with its first process
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if not self.pids():
            self._process.kill()

    def pids(self) -> list[int]:
        """Its processes by their numbers on the machine, the first one first."""
        with suppress(psutil.NoSuchProcess):
            return [child.pid for child in psutil.Process(self._process.pid).children(recursive=True)]
        return []

    def end(self) -> bool:
        """It has ended; remove what is left of it. Whether it took more memory than it might."""
        if self._cgroup is None:
            return False
        told = (self._cgroup / "memory.oom_control").read_text()
        self._cgroup.rmdir()
        return int(told.split("oom_kill ")[-1]) > 0

    def _make_cgroup(self) -> Path | None:
        if self.plan.memory_bytes is None or not (_CGROUPS / "memory.oom_control").exists():
            return None
        made = _CGROUPS / f"docmill-{self.plan.key}"
        made.mkdir()
        (made / "memory.limit_in_bytes").write_text(str(self.plan.memory_bytes))
        return made
