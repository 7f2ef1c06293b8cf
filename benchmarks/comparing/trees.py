"""Checkouts of docmill: the one this module lies in, and temporary ones of other commits."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

from benchmarks.comparing.errors import ForeignImportError, RevisionError, TreeLayoutError
from benchmarks.measuring.clean_environment import clean_environment

__all__ = ["CHECKOUT", "Tree", "tree_at", "worktree"]

#: The checkout that this module lies in.
CHECKOUT = Path(__file__).resolve().parents[2]
#: Where the command line lies -> its module; the first that is there counts.
_COMMAND_LINES: Mapping[str, str] = MappingProxyType(
    {"docmill/pipeline/cli": "docmill.pipeline.cli", "pipeline/cli": "pipeline.cli"}
)


@dataclass(frozen=True)
class Tree:
    """A checkout: its commit, whether tracked files were changed since, and its command line's module."""

    root: Path
    commit: str
    changed: bool
    module: str

    def docmill(self, *arguments: str) -> list[str]:
        """The command `docmill`, to be run in `root`: Python looks there before all other folders."""
        return [sys.executable, "-m", self.module, *arguments]

    def environment(self, home: Path) -> dict[str, str]:
        """What the tree's processes see; this interpreter's packages, the tree's own code."""
        return clean_environment(home) | {"PYTHONPATH": str(self.root)}


def tree_at(root: Path) -> Tree:
    """The checkout at a folder.

    Raises `RevisionError` when it is none, `TreeLayoutError` when it has no command line, and
    `ForeignImportError` when that would not run the code that lies there.
    """
    root = root.resolve()
    commit = _git(root, "rev-parse", "HEAD")
    changed = bool(_git(root, "status", "--porcelain", "--untracked-files=no"))
    tree = Tree(root, commit, changed, _command_line(root))
    _check_imports(tree)
    return tree


@contextmanager
def worktree(repository: Path, revision: str) -> Iterator[Tree]:
    """A temporary checkout of a commit; it and Git's memory of it go at the end. Raises as `tree_at` does."""
    with TemporaryDirectory(prefix="docmill-tree-") as folder:
        root = Path(folder).resolve() / "checkout"
        _git(repository, "worktree", "add", "--quiet", "--detach", str(root), revision)
        try:
            tree = tree_at(root)
            _compile(tree)
            yield tree
        finally:
            _git(repository, "worktree", "remove", "--force", str(root))


def _command_line(root: Path) -> str:
    for folder, module in _COMMAND_LINES.items():
        if (root / folder).is_dir():
            return module
    raise TreeLayoutError(f"no command line in {root}: looked for {', '.join(_COMMAND_LINES)}")


def _check_imports(tree: Tree) -> None:
    """An editable install names one checkout for all: see that the tree's own code comes before it."""
    code = f"import importlib; print(importlib.import_module({tree.module!r}).__file__)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tree.root,
        env=tree.environment(tree.root),
        capture_output=True,
        text=True,
    )
    if run.returncode:
        raise TreeLayoutError(f"{tree.module} of {tree.root} cannot be imported: {run.stderr.strip()}")
    found = Path(run.stdout.strip()).resolve()
    if not found.is_relative_to(tree.root):
        raise ForeignImportError(f"{tree.module} of {tree.root} comes from {found}")


def _compile(tree: Tree) -> None:
    """Compile what an installation of the commit has compiled; one from before there was such has nothing."""
    code = (
        "from pathlib import Path; from docmill.pipeline.convert.pdf.native import compiled; "
        "compiled.compile_library(Path(compiled.__file__).parent)"
    )
    if (tree.root / "pipeline" / "convert" / "pdf" / "native").is_dir():
        subprocess.run(
            [sys.executable, "-c", code], cwd=tree.root, env=tree.environment(tree.root), check=True
        )


def _git(repository: Path, *arguments: str) -> str:
    run = subprocess.run(["git", "-C", str(repository), *arguments], capture_output=True, text=True)
    if run.returncode:
        raise RevisionError(f"git {' '.join(arguments)}: {run.stderr.strip()}")
    return run.stdout.strip()
