"""An environment of stock docling, made once: docling's own requirements, and docmill without its own."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

__all__ = ["python"]

_HERE = Path(__file__).parent
_ROOT = _HERE.parents[2]
_LOCK = _HERE / "requirements.lock"
#: docling imports both, whatever engines it uses; see requirements.in.
_TORCH = ("torch==2.13.0", "torchvision==0.28.0")


@functools.cache
def python() -> Path:
    """The environment's interpreter; takes minutes and a gigabyte the first time."""
    folder = Path(os.environ.get("DOCMILL_HOME") or _ROOT / ".docmill") / "stock-docling"
    folder.mkdir(parents=True, exist_ok=True)
    interpreter = folder / "env" / "bin" / "python"
    stamp = hashlib.sha256(_LOCK.read_bytes() + repr(_TORCH).encode()).hexdigest()
    with FileLock(folder / ".lock"):
        mark = folder / "made-of"
        if not mark.is_file() or mark.read_text() != stamp:
            _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder / "env"))
            pip = (
                sys.executable,
                "-m",
                "pip",
                "--python",
                str(interpreter),
                "install",
                "--quiet",
                "--no-input",
            )
            _run(*pip, "--require-hashes", "--requirement", str(_LOCK))
            _run(*pip, *_TORCH)
            _run(*pip, "--no-deps", "--editable", str(_ROOT))
            mark.write_text(stamp)
    return interpreter


def _run(*command: str) -> None:
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
