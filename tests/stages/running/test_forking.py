"""The fork server, started before there is work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]

_CODE = """
import time
from docmill.pipeline.stages.running.forking import start_fork_server
start_fork_server(["slow_to_import"])
try:
    print("started", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_it_imports_by_itself_and_says_nothing_of_ctrl_c(tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    slow = f"from pathlib import Path\nimport time\nPath({str(begun)!r}).touch()\ntime.sleep(3)\n"
    (tmp_path / "slow_to_import.py").write_text(f"{slow}Path({str(ended)!r}).touch()\n", "utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", _CODE],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(tmp_path)])},
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    assert process.stdout.readline() == "started\n"
    deadline = time.monotonic() + 60
    while not begun.exists():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not ended.exists()
    os.killpg(process.pid, signal.SIGINT)
    # it has the pipe, too: this waits for its end
    assert process.communicate(timeout=60) == ("interrupted\n", "")
    assert ended.exists()
