"""Pinned packages, fetched by their registry's own client and unpacked in a folder of their own each.

Nothing is installed: a Debian package is unpacked, no script of it runs.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from benchmarks.pages.sources.catalogue import Package

__all__ = ["Fetched", "fetch"]

_LIMIT_S = 600.0


@dataclass(frozen=True)
class Fetched:
    """Where packages are unpacked, and why some are not there."""

    folders: dict[Package, Path]
    missing: dict[Package, str]


def fetch(wanted: Sequence[Package], home: Path, report: Callable[[str], None] = lambda _: None) -> Fetched:
    """Unpack each in a folder of `home`, fetching those that are not there yet."""
    home.mkdir(parents=True, exist_ok=True)
    folders, missing = {}, {}
    with FileLock(home / ".lock"):
        for package in wanted:
            folder = home / f"{package.name}-{package.sha256[:12]}"
            if not folder.is_dir():
                report(f"fetching {package.name} {package.version}")
                try:
                    _unpack(package, folder)
                except (OSError, subprocess.SubprocessError, tarfile.TarError, ValueError) as error:
                    missing[package] = _why(error)
                    continue
            folders[package] = folder
    return Fetched(folders, missing)


def _unpack(package: Package, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder.parent) as name:
        temporary = Path(name)
        command = {
            "debian": ["apt-get", "download", "--quiet", f"{package.name}={package.version}"],
            "npm": ["npm", "pack", "--silent", f"{package.name}@{package.version}"],
        }[package.registry]
        _run(command, temporary)
        (archive,) = (path for path in temporary.iterdir() if path.suffix in (".deb", ".tgz"))
        if hashlib.sha256(archive.read_bytes()).hexdigest() != package.sha256:
            raise ValueError("its checksum is another")
        content = temporary / "content"
        if package.registry == "debian":
            _run(["dpkg-deb", "--extract", str(archive), str(content)], temporary)
        else:
            with tarfile.open(archive) as tar:
                tar.extractall(content, filter="data")
        shutil.move(content, folder)


def _run(command: list[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_LIMIT_S, check=True)


def _why(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        said = str(error.stderr).strip().splitlines()
        return said[-1] if said else f"{error.cmd[0]} ended with {error.returncode}"
    return str(error)
