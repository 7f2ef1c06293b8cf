"""Debian's packages, taken apart in a folder of our own: nothing is installed on the machine."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Debian", "DebianError"]

_SOURCES = Path("/etc/apt/sources.list.d/debian.sources")


class DebianError(RuntimeError):
    """The machine cannot give what was asked for; the message has what apt said."""


@dataclass(frozen=True)
class Debian:
    """The archives that this machine's apt knows, with their sources, and apt's state in `folder`."""

    folder: Path

    def update(self) -> None:
        """Read the lists. Raises `DebianError` where apt is not Debian's."""
        if not _SOURCES.exists():
            raise DebianError(f"{_SOURCES} is missing: this needs Debian 12, whose sources have Kubernetes")
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        binary_only = _SOURCES.read_text()
        self._sources.write_text(binary_only.replace("Types: deb\n", "Types: deb deb-src\n"))
        self._apt("update", cwd=self.folder)

    def unpack(self, packages: tuple[str, ...], into: Path) -> None:
        """The files of binary packages, laid out below `into` as they would lie below the root."""
        fetched = self.folder / "packages"
        fetched.mkdir(exist_ok=True)
        self._apt("download", *packages, cwd=fetched)
        for package in packages:
            (archive,) = fetched.glob(f"{package}_*.deb")
            _call("dpkg-deb", "-x", str(archive), str(into), cwd=self.folder)

    def source(self, name: str, version: str, into: Path) -> None:
        """The source of a package at a version, with Debian's patches, as the new folder `into`."""
        fetched = self.folder / "sources"
        fetched.mkdir(exist_ok=True)
        self._apt("source", "--download-only", f"{name}={version}", cwd=fetched)
        (description,) = fetched.glob(f"{name}_*.dsc")
        _call("dpkg-source", "--no-check", "-x", str(description), str(into), cwd=fetched)

    @property
    def _sources(self) -> Path:
        return self.folder / "archives.sources"

    def _apt(self, *arguments: str, cwd: Path) -> None:
        places = {
            "Dir::Etc::sourcelist": self._sources,
            "Dir::Etc::sourceparts": "-",
            "Dir::State::lists": self.folder / "lists",
            "Dir::Cache": self.folder / "cache",
            # apt would fetch as a user who may not write here
            "APT::Sandbox::User": "root",
        }
        options = [part for name, value in places.items() for part in ("-o", f"{name}={value}")]
        _call("apt-get", "-qq", *options, *arguments, cwd=cwd)


def _call(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DebianError(f"{command[0]} ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
