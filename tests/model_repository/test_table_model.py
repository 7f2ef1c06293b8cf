"""The served model as Triton's Python backend loads it, which is a process of its own there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SHIPPED = Path(__file__).parents[2] / "model_repository"
FOLDERS = [str(SHIPPED / "tableformer" / "1"), str(SHIPPED / "shared")]
#: Triton's own module is only in its backend; nothing of it is needed to make an engine.
LOADS = """
import sys, types
from pathlib import Path
sys.modules["triton_python_backend_utils"] = types.ModuleType("triton_python_backend_utils")
sys.path[:0] = sys.argv[1:]
from model import make_engine
make_engine(Path("/nowhere"), {}, False, 0)
"""


def test_loading_it_leaves_nothing_in_the_user_s_folders(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG")}
    done = subprocess.run(
        [sys.executable, "-B", "-c", LOADS, *FOLDERS],
        env=environment | {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "ORT_DISABLE_TELEMETRY": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "/nowhere/encoder.onnx" in done.stderr  # onnxruntime was there, and the graphs were not
    assert list(tmp_path.iterdir()) == []
