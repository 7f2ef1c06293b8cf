"""A part that is not done in its time stops what it started."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from benchmarks.gpu.__main__ import ended

CODE = """
import sys, time
from pathlib import Path
try:
    time.sleep(float(sys.argv[2]))
except KeyboardInterrupt:
    Path(sys.argv[1]).write_text("stopped")
"""


def command(mark: Path, seconds: float) -> list[str]:
    return [sys.executable, "-c", CODE, str(mark), str(seconds)]


def test_what_ends_by_itself_is_left_alone(tmp_path: Path) -> None:
    assert ended(command(tmp_path / "mark", 0), 30.0)
    assert not (tmp_path / "mark").exists()


def test_what_does_not_is_interrupted(tmp_path: Path) -> None:
    began = time.monotonic()
    assert not ended(command(tmp_path / "mark", 60), 2.0)
    assert time.monotonic() - began < 30
    assert (tmp_path / "mark").read_text() == "stopped"
