"""What can be set, and with which fonts: the packages of `catalogue.toml`, and texts of our own."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

__all__ = ["Half", "Package", "Source", "half_of", "own_sources", "packages", "sources_in"]

_HERE = Path(__file__).parent
_OWN = _HERE.parent / "texts"
_SUFFIXES = (".html", ".html.gz", ".md")
_LEAST_BYTES = 3000
#: Lists of what is elsewhere, and licences.
_DULL = ("genindex", "search", "copyright", "copying", "license", "changelog", "index", "toc", "bookindex")


class Half(StrEnum):
    """Sources to look at while rules are made, and sources to believe."""

    DEVELOPMENT = "development"
    CHECK = "check"


@dataclass(frozen=True)
class Package:
    """A package of a registry, pinned; `texts` are folders in it, {} for the sources of each folder there."""

    kind: str
    registry: str
    name: str
    version: str
    sha256: str
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """Files of one text in order. `family` is one for all translations of it: they share its half."""

    name: str
    family: str
    files: tuple[Path, ...]

    @property
    def half(self) -> Half:
        """By the hash of the family's name."""
        return half_of(self.family)


def half_of(name: str) -> Half:
    """Even hashes are for development."""
    even = int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 == 0
    return Half.DEVELOPMENT if even else Half.CHECK


def packages(kinds: Iterable[str]) -> list[Package]:
    """The catalogue's packages of these kinds: "text", "font", "tex", "office"."""
    catalogue = tomllib.loads((_HERE / "catalogue.toml").read_text())
    return [
        Package(kind, **{**entry, "texts": tuple(entry.get("texts", ()))})
        for kind in kinds
        for entry in catalogue.get(kind, [])
    ]


def sources_in(package: Package, folder: Path) -> list[Source]:
    """The sources of a package that was unpacked in `folder`."""
    found = []
    for pattern in package.texts:
        place = folder / pattern.removesuffix("/{}")
        for part in sorted(place.iterdir()) if pattern.endswith("{}") and place.is_dir() else [place]:
            files = _texts_of(part)
            if files:
                name = package.name if part == place else f"{package.name}-{part.name}"
                found.append(Source(name, package.name, files))
    return found


def own_sources() -> list[Source]:
    """The texts in this repository, a source each, named after their files."""
    return [Source(path.stem, path.stem, (path,)) for path in sorted(_OWN.glob("*.md"))]


def _texts_of(folder: Path) -> tuple[Path, ...]:
    files: Sequence[Path] = sorted(folder.rglob("*")) if folder.is_dir() else []
    return tuple(
        path
        for path in files
        if path.name.lower().endswith(_SUFFIXES)
        and not any(word in path.name.lower() for word in _DULL)
        and path.is_file()
        and path.stat().st_size >= (_LEAST_BYTES if not path.name.endswith(".gz") else _LEAST_BYTES // 3)
    )
