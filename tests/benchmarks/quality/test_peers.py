from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks.quality.engines.output import EngineError
from benchmarks.quality.engines.peers import PEERS, Peer, run_converter

#: As peers/convert.py, with PDFs that name what is to happen.
CONVERTER = """
import os, sys
from pathlib import Path
for line in sys.stdin.read().splitlines():
    pdf, target = map(Path, line.split("\\t"))
    if pdf.stem == "crash":
        os._exit(9)
    if pdf.stem == "refused":
        target.with_suffix(".error").write_text("ValueError: no")
    elif pdf.stem != "forgotten":
        target.write_text(f"# {pdf.stem}\\n\\n| a | b |\\n|---|---|\\n")
"""


def test_a_document_that_ends_the_converter_does_not_end_the_others(tmp_path: Path) -> None:
    pdfs = {name: tmp_path / f"{name}.pdf" for name in ("crash", "one", "refused", "forgotten", "two")}
    outputs = run_converter([sys.executable, "-c", CONVERTER], pdfs, dict(os.environ))
    failures = {name: output.failure for name, output in outputs.items()}
    assert failures == {
        "crash": "exit status 9: ",
        "one": None,
        "refused": "ValueError: no",
        "forgotten": "nothing was written",
        "two": None,
    }
    assert outputs["two"].markdown.startswith("# two")
    assert [cell.text for cell in outputs["two"].grids[0]] == ["a", "b"]


def test_a_converter_that_does_not_start_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="No module named 'nowhere'"):
        run_converter([sys.executable, "-c", "import nowhere"], {"a": tmp_path / "a.pdf"}, dict(os.environ))


def test_every_peer_is_pinned() -> None:
    assert all(Peer(name).version[0].isdigit() for name in PEERS)
    assert int(Peer("pymupdf4llm").version.split(".")[0]) < 2
