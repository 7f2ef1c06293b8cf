"""pdfTeX and the packages that documents here use, put together from unpacked Debian packages."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from benchmarks.pages.setters.errors import SetterMissingError

__all__ = ["TexTree", "link_files", "make_tex_tree"]

_DATABASE = "% ls-R -- filename database for kpathsea; do not change this line."
_LIMIT_S = 300.0
_PARTS = ("usr/share/texlive/texmf-dist", "usr/share/texmf")


@dataclass(frozen=True)
class TexTree:
    """A folder with `bin`, `lib` and `texmf`, whose format is made."""

    folder: Path

    @property
    def program(self) -> Path:
        """pdfTeX's binary."""
        return self.folder / "bin" / "pdftex"

    @property
    def variables(self) -> Mapping[str, str]:
        """The environment in which it finds its files, here and nowhere else."""
        texmf = str(self.folder / "texmf")
        trees = ("DIST", "MAIN", "DEBIAN", "LOCAL", "SYSVAR", "SYSCONFIG", "HOME", "VAR", "CONFIG")
        return {
            **os.environ,
            **{f"TEXMF{tree}": texmf for tree in trees},
            "LD_LIBRARY_PATH": str(self.folder / "lib"),
            "TEXMFCNF": f"{texmf}/web2c",
            "TEXMF": f"!!{texmf}",
            "TEXMFDBS": f"!!{texmf}",
            "TEXFORMATS": str(self.folder),
            "TEXPSHEADERS": ".;$TEXMF/{fonts/{type1,enc,map},dvips}//",
            "SOURCE_DATE_EPOCH": "0",
            "FORCE_SOURCE_DATE": "1",
        }


def make_tex_tree(packages: Sequence[Path], home: Path) -> TexTree:
    """The tree of these unpacked packages in `home`, made once. Raises `SetterMissingError`."""
    stamp = hashlib.sha256("\n".join(sorted(package.name for package in packages)).encode()).hexdigest()[:8]
    tree = TexTree(home / f"tex-{stamp}")
    done = tree.folder / "pdflatex.fmt"
    home.mkdir(parents=True, exist_ok=True)
    with FileLock(home / ".tex.lock"):
        if done.is_file():
            return tree
        shutil.rmtree(tree.folder, ignore_errors=True)
        texmf = tree.folder / "texmf"
        for package in packages:
            for part in _PARTS:
                if (package / part).is_dir():
                    link_files(package / part, texmf)
            if (package / "usr/bin/pdftex").is_file():
                link_files(package / "usr/bin", tree.folder / "bin")
            for library in package.glob("usr/lib/*/"):
                link_files(library, tree.folder / "lib")
        if not tree.program.is_file():
            raise SetterMissingError("no package has pdfTeX")
        _maps(texmf)
        _database(texmf)
        command = [str(tree.program), "-ini", "-etex", "-interaction=batchmode", "pdflatex.ini"]
        try:
            subprocess.run(
                command,
                cwd=tree.folder,
                env=tree.variables,
                capture_output=True,
                timeout=_LIMIT_S,
                check=True,
            )
        except (OSError, subprocess.SubprocessError) as error:
            done.unlink(missing_ok=True)
            raise SetterMissingError(f"pdfTeX made no format: {error}") from error
    return tree


def link_files(source: Path, target: Path) -> None:
    """The files of `source` in `target` too, without those that are there or lead nowhere."""
    for path in sorted(source.rglob("*")):
        place = target / path.relative_to(source)
        if path.is_dir() or not path.is_file() or place.exists():
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.hardlink_to(path.resolve())


def _maps(texmf: Path) -> None:
    """`pdftex.map` of all fonts' maps, which `updmap` would make."""
    lines: dict[str, str] = {}
    for path in sorted((texmf / "fonts" / "map" / "dvips").rglob("*.map")):
        for line in path.read_text("latin-1").splitlines():
            name = line.split(" ", 1)[0].split("\t", 1)[0]
            if name and name[0] not in "%#;*" and ("<" in line or '"' in line):
                lines.setdefault(name, line)
    folder = texmf / "fonts" / "map" / "pdftex"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pdftex.map").unlink(missing_ok=True)
    (folder / "pdftex.map").write_text("\n".join(lines.values()) + "\n", "latin-1")
    config = texmf / "tex" / "generic" / "config"
    ini = texmf / "tex" / "generic" / "tex-ini-files" / "pdftexconfig.tex"
    if ini.is_file():
        config.mkdir(parents=True, exist_ok=True)
        shutil.copy(ini, config / "pdftexconfig.tex")


def _database(texmf: Path) -> None:
    """`ls-R`, by which kpathsea finds files without walking."""
    lines = [_DATABASE]
    for folder, folders, files in os.walk(texmf):
        lines += ["", f"./{Path(folder).relative_to(texmf)}:", *sorted(folders), *sorted(files)]
    (texmf / "ls-R").write_text("\n".join(lines) + "\n")
