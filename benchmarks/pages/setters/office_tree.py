"""LibreOffice without a window, put together from unpacked Debian packages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from benchmarks.pages.setters.errors import SetterMissingError
from benchmarks.pages.setters.tex_tree import link_files

__all__ = ["OfficeTree", "make_office_tree"]

_PROGRAM = "usr/lib/libreoffice/program"
#: The package's script copies its settings here when it is installed.
_REGISTRY = ("usr/lib/libreoffice/share/.registry", "usr/lib/libreoffice/share/registry")
_PLACES = ("file:///usr/lib/libreoffice", "file:///etc/libreoffice/registry")


@dataclass(frozen=True)
class OfficeTree:
    """A folder with the packages' `usr`, and settings that name it."""

    folder: Path

    @property
    def program(self) -> Path:
        """LibreOffice's binary."""
        return self.folder / _PROGRAM / "soffice.bin"

    def variables(self, others: Mapping[str, str]) -> dict[str, str]:
        """The environment in which it finds its libraries."""
        # the program's folder first: some libraries look for settings beside themselves
        places = [self.folder / _PROGRAM, *sorted((self.folder / "usr/lib").glob("*-linux-gnu*"))]
        return {**others, "LD_LIBRARY_PATH": os.pathsep.join(map(str, places))}


def make_office_tree(packages: Sequence[Path], home: Path) -> OfficeTree:
    """The tree of these unpacked packages in `home`, made once. Raises `SetterMissingError`."""
    tree = OfficeTree(home / "office")
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".office.lock"):
        settings = tree.folder / _PROGRAM / "fundamentalrc"
        done = tree.folder / ".ready"
        if done.is_file():
            return tree
        shutil.rmtree(tree.folder, ignore_errors=True)
        for package in packages:
            link_files(package / "usr", tree.folder / "usr")
        if not tree.program.is_file() or not settings.is_file():
            raise SetterMissingError("no package has LibreOffice")
        shutil.copytree(tree.folder / _REGISTRY[0], tree.folder / _REGISTRY[1], dirs_exist_ok=True)
        text = settings.read_text()
        text = text.replace(_PLACES[1], (tree.folder / _REGISTRY[1]).as_uri())
        text = text.replace(_PLACES[0], (tree.folder / "usr/lib/libreoffice").as_uri())
        settings.unlink()  # a link to the package's own
        settings.write_text(text)
        done.touch()
    return tree
