"""Checkouts of other commits: what they hold is found out, and nothing of them stays."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks.comparing.converting import convert
from benchmarks.comparing.errors import CommandFailedError, ForeignImportError, RevisionError, TreeLayoutError
from benchmarks.comparing.trees import CHECKOUT, tree_at, worktree
from docmill.pipeline.convert.pdf.native.compiled import compile_library

PRINTS_PLACE = "import sys\nprint(__file__)\nsys.exit(3)\n"


def git(repository: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    command = ["git", "-C", str(repository), *identity, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def commit(repository: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--message", "commit")


def package(*folders: str) -> dict[str, str]:
    return {f"{folder}/__init__.py": "" for folder in folders}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Three commits: without a command line, with it at the root, and in the namespace by a link."""
    root = tmp_path / "repository"
    root.mkdir()
    git(root, "init", "--quiet")
    commit(root, {"README.md": "nothing yet"})
    commit(root, {**package("pipeline", "pipeline/cli"), "pipeline/cli/__main__.py": PRINTS_PLACE})
    (root / "docmill").mkdir()
    (root / "docmill" / "pipeline").symlink_to("../pipeline")
    commit(root, {"docmill/__init__.py": ""})
    return root


def worktrees(repository: Path) -> int:
    return len(git(repository, "worktree", "list").splitlines())


@pytest.mark.parametrize(
    ("revision", "module"), [("HEAD", "docmill.pipeline.cli"), ("HEAD~1", "pipeline.cli")]
)
def test_a_commits_command_line_is_found(repository: Path, revision: str, module: str) -> None:
    with worktree(repository, revision) as tree:
        assert tree.module == module
        assert tree.commit == git(repository, "rev-parse", revision).strip()
        assert not tree.changed
        assert worktrees(repository) == 2
    assert not tree.root.exists()
    assert worktrees(repository) == 1


def test_changes_are_seen(repository: Path) -> None:
    assert not tree_at(repository).changed
    (repository / "README.md").write_text("something")
    assert tree_at(repository).changed


def test_nothing_stays_after_an_error(repository: Path) -> None:
    with pytest.raises(KeyError), worktree(repository, "HEAD") as tree:
        (tree.root / "made").write_text("while it was used")
        raise KeyError
    assert not tree.root.exists()
    assert worktrees(repository) == 1


def test_a_commit_without_a_command_line_is_said_to_be_one_and_goes(repository: Path) -> None:
    with pytest.raises(TreeLayoutError, match="no command line"), worktree(repository, "HEAD~2"):
        pass
    assert worktrees(repository) == 1


def test_no_such_commit(repository: Path) -> None:
    with pytest.raises(RevisionError, match="no-such-commit"), worktree(repository, "no-such-commit"):
        pass
    assert worktrees(repository) == 1


def test_a_tree_that_would_run_other_code_is_refused(repository: Path) -> None:
    # without its own __init__ the folder gives way to the installed package
    (repository / "docmill" / "__init__.py").unlink()
    with pytest.raises(ForeignImportError, match=str(CHECKOUT)):
        tree_at(repository)


def test_a_command_line_that_cannot_be_imported_is_said_to_be_one(repository: Path) -> None:
    (repository / "pipeline" / "cli" / "__init__.py").write_text("import no_such_module")
    with pytest.raises(TreeLayoutError, match="No module named 'no_such_module'"):
        tree_at(repository)


def test_the_trees_own_command_runs_and_its_failure_is_told(repository: Path, tmp_path: Path) -> None:
    with worktree(repository, "HEAD~1") as tree, pytest.raises(CommandFailedError) as failed:
        convert(tree, [repository], tmp_path / "made", [])
    assert "ended with 3" in str(failed.value)
    assert str(tree.root / "pipeline" / "cli" / "__main__.py") in str(failed.value)


def test_another_commit_reads_pages_as_this_one_does(tmp_path: Path) -> None:
    compiled = compile_library(tmp_path) is not None
    with worktree(CHECKOUT, "HEAD") as tree:
        made = list((tree.root / "pipeline" / "convert" / "pdf" / "native").glob("bulk-*.so"))
    assert bool(made) == compiled
