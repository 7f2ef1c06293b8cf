"""Samples of processes to shares and a flame graph."""

from __future__ import annotations

import json
import stat
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.speed import where_cpu_goes
from benchmarks.speed.flames import flame_graph, grown

_P = "docmill/pipeline"
_WORKER = (
    'process 7:"/home/me/python docmill convert /home/me/a.pdf";<module> (<string>:1);'
    f"_serve ({_P}/stages/running/pool.py:367);_answer ({_P}/stages/running/pool.py:404)"
)
_LAYOUT = (
    f"{_WORKER};find_regions ({_P}/stages/work/layout.py:27);"
    f"PageClock.results ({_P}/stages/results/page_clock.py:43);_layouts ({_P}/stages/work/layout.py:52)"
)
RAW = f"""\
{_WORKER};read_pages ({_P}/stages/work/pages.py:2);Pdf.page ({_P}/convert/pdf/pdf.py:1);f (pypdfium2/x:3) 50
{_LAYOUT};Fusion.plain ({_P}/convert/layout/fusion.py:189);Fusion.plain.<locals>.<listcomp> (x/y.py:3) 20
{_LAYOUT};detect ({_P}/convert/layout/detectors/cdla.py:184);InferenceSession.run (onnxruntime/capi/x.py:1) 10
{_LAYOUT};Pdf.render ({_P}/convert/pdf/pdf.py:179) 5
{_WORKER};make_document ({_P}/stages/work/documents.py:38);add_text (docling_core/types/doc/document.py:9) 10
{_WORKER};poll (selectors.py:402) 300
process 1:"python";main ({_P}/cli/app.py:91);execute (sqlalchemy/engine/base.py:1450) 4
process 1:"python";main ({_P}/cli/app.py:91);wait (threading.py:295) 900
process 2:"python";<module> ({_P}/stages/running/preload.py:1);_call (<frozen importlib._bootstrap>:1) 1
"""


def test_parts_are_known_by_the_innermost_frame_that_means_one_and_waiting_is_left_out() -> None:
    found = where_cpu_goes.shares(where_cpu_goes.stacks(RAW.splitlines()))
    assert found == pytest.approx(
        {
            "reading text and drawings": 50,
            "layout by rules": 20,
            "the layout model": 10,
            "the document, by docling's stages": 10,
            "drawing pages": 5,
            "the command, Dagster and its store": 4,
            "the fork server's imports": 1,
        }
    )
    assert next(iter(found)) == "reading text and drawings"


def test_stacks_are_of_docmill_and_docling_and_of_what_they_call() -> None:
    names = dict(where_cpu_goes.stacks(RAW.splitlines()))
    detected = ("stages/work/layout.py _layouts", "convert/layout/detectors/cdla.py detect", "onnxruntime")
    assert [samples for stack, samples in names.items() if stack[-3:] == detected] == [10]
    assert {stack[0] for stack in names} == {
        "worker",
        "the command, Dagster and its store",
        "the fork server's imports",
    }
    assert not any("/home/me" in name or "page_clock" in name for stack in names for name in stack)


def test_the_picture_has_frames_as_wide_as_their_share() -> None:
    tree = grown([(("worker", "a b/c.py read & <write>"), 60), (("worker",), 39), (("rare",), 1)], "all")
    text = flame_graph(tree, "Where it goes")
    drawn = ElementTree.fromstring(text)
    space = "{http://www.w3.org/2000/svg}"
    widths = {
        str(group.findtext(f"{space}title")): float(rect.get("width", "0"))
        for group in drawn.iter(f"{space}g")
        for rect in group.iter(f"{space}rect")
    }
    assert widths["all: 100.0 %"] == 1180
    assert widths["worker: 99.0 %"] == pytest.approx(0.99 * 1180, abs=0.1)
    assert widths["a b/c.py read & <write>: 60.0 %"] == pytest.approx(0.6 * 1180, abs=0.1)
    few = flame_graph(grown([(("worker",), 999), (("rare",), 1)], "all"), "")
    assert "worker" in few and "rare" not in few


def test_a_recording_is_made_by_py_spy_and_drawn(tmp_path: Path) -> None:
    """A stand-in that writes what was recorded before, where it is asked to."""
    (tmp_path / "raw").write_text(RAW)
    spy = tmp_path / "spy"
    spy.write_text(
        f"#!{sys.executable}\nimport shutil, sys\n"
        f"assert '--subprocesses' in sys.argv and 'convert' in sys.argv and sys.argv.count('--') == 1\n"
        f"shutil.copy({str(tmp_path / 'raw')!r}, sys.argv[sys.argv.index('--output') + 1])\n"
    )
    spy.chmod(spy.stat().st_mode | stat.S_IXUSR)
    svg, kept = tmp_path / "cpu.svg", tmp_path / "cpu.json"
    options = ["--pages", "2", "--length", "1", "--svg", str(svg), "--json", str(kept)]
    assert where_cpu_goes.main(["--py-spy", str(spy), *options]) == 0
    assert json.loads(kept.read_text())["shares"]["reading text and drawings"] == 50
    assert "onnxruntime" in svg.read_text()


def test_without_py_spy_it_says_where_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    assert where_cpu_goes.main(["--pages", "1"]) == 2
    assert "uv tool install py-spy" in capsys.readouterr().out
