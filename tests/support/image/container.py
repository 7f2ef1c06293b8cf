"""A program in an image's root as Kubernetes starts it in a `restricted` pod with a read-only root.

The root is mounted without an upper layer, the user has no capability and can gain none, and there is no
network but a loopback. What can be written is a folder at each of the `writable` places.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.image.rootfs import Root

__all__ = ["Container", "Ended"]

_LIMITS = "--no-new-privs --bounding-set=-all --inh-caps=-all --clear-groups"


@dataclass(frozen=True)
class Ended:
    """What a program said, how it ended, and the seconds that it took."""

    code: int
    out: str
    err: str
    seconds: float


@dataclass(frozen=True)
class Container:
    """An image's root with the settings of its Dockerfile; `folder` holds what is written."""

    root: Root
    user: str
    directory: str
    environment: Mapping[str, str]
    folder: Path
    writable: Sequence[str] = ("/var/lib/docmill", "/tmp")

    def written(self, path: str) -> Path:
        """Where a path below one of the writable places is on this machine."""
        place = next(each for each in self.writable if Path(path).is_relative_to(each))
        return self.folder / "written" / place.strip("/").replace("/", "-") / Path(path).relative_to(place)

    def run(self, *command: str, reading: Mapping[str, Path] | None = None) -> Ended:
        """Run a program to its end; `reading` are files of this machine, by their place inside."""
        merged = self.folder / "merged"
        merged.mkdir(parents=True, exist_ok=True)
        user, _, group = self.user.partition(":")
        lines = [
            "ip link set lo up",
            f"mount -t tmpfs tmpfs {self.folder / 'merged'}",
            f"mkdir {merged}/root",
            f"mount -t overlay overlay -o ro,{self.root.options()} {merged}/root",
            f"mount -t proc proc {merged}/root/proc",
            # a folder of devices that nobody can add to
            f"mount -t tmpfs -o mode=755 tmpfs {merged}/root/dev",
            f"mkdir {merged}/root/dev/shm",
            f"mount -t tmpfs -o mode=1777 tmpfs {merged}/root/dev/shm",
        ]
        for device in ("null", "zero", "random", "urandom"):
            lines += [
                f"touch {merged}/root/dev/{device}",
                f"mount --bind /dev/{device} {merged}/root/dev/{device}",
            ]
        for place in self.writable:
            kept = self.written(place)
            kept.mkdir(parents=True, exist_ok=True)
            os.chown(kept, int(user), int(group))
            lines.append(f"mount --bind {kept} {merged}/root{place}")
        for place, source in (reading or {}).items():
            # an empty file system over the folder, since the root has no place for it
            parent = f"{merged}/root{Path(place).parent}"
            lines.append(f"mountpoint -q {parent} || mount -t tmpfs -o mode=755 tmpfs {parent}")
            lines.append(f"{'mkdir' if source.is_dir() else 'touch'} {merged}/root{place}")
            lines.append(f"mount --bind -o ro {source} {merged}/root{place}")
        variables = shlex.join(
            f"{key}={value}" for key, value in ({"HOME": self.directory} | dict(self.environment)).items()
        )
        inside = f"cd {self.directory} && exec {shlex.join(command)}"
        lines.append(
            f"exec chroot {merged}/root env -i {variables} setpriv --reuid={user} --regid={group} {_LIMITS} "
            f"sh -c {shlex.quote(inside)}"
        )
        started = time.monotonic()
        namespaces = ["unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child"]
        done = subprocess.run(
            [*namespaces, "bash", "-euc", "\n".join(lines)], capture_output=True, text=True, check=False
        )
        return Ended(done.returncode, done.stdout, done.stderr, time.monotonic() - started)
