"""The script for NVIDIA's container, with a Python that writes down how it was called."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[4]
SCRIPT = ROOT / "deploy" / "triton" / "tensorrt-engine.sh"


def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **variables}
    return subprocess.run(["bash", str(SCRIPT), *arguments], capture_output=True, text=True, env=environment)


def python(folder: Path) -> Path:
    program = folder / "python"
    program.write_text('#!/bin/sh\npwd\nprintf "%s\\n" "$DOCMILL_HOME" "$@"\nexit 7\n')
    program.chmod(0o755)
    return program


def test_the_shell_reads_it() -> None:
    assert subprocess.run(["bash", "-n", str(SCRIPT)]).returncode == 0
    assert os.access(SCRIPT, os.X_OK)


def test_it_hands_on_the_repository_the_documents_and_the_options(tmp_path: Path) -> None:
    done = run(
        *("/models", "/pages/a b.pdf", "--least", "0.98"),
        DOCMILL_PYTHON=str(python(tmp_path)),
        DOCMILL_HOME="/home",
    )
    assert done.returncode == 7  # the command's own
    module = ["-m", "benchmarks.serving.tensorrt", "--repository", "/models"]
    assert done.stdout.splitlines() == [str(ROOT), "/home", *module, "/pages/a b.pdf", "--least", "0.98"]


def test_without_a_repository_it_says_what_it_takes() -> None:
    done = run(DOCMILL_PYTHON="/nowhere")
    assert done.returncode == 2
    assert "usage" in done.stderr
