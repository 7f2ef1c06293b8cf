"""The report is what kept results say, byte for byte."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.harness.drawing import draw, steps
from benchmarks.harness.report import kept, made, shown, write_report
from benchmarks.harness.result import RESULTS, Curve, Figure, FormError, Noise, Result, read, write
from benchmarks.harness.stated import ROOT
from benchmarks.metrics.environment import environment

NOISE = Noise((1.5, 1.0, 0.5), (1.0, 1.0, 1.0), 0.7, 12.0, 0.3, ["others took 0.70 of 2 cores"])


def result(**more: object) -> Result:
    fields = {
        "name": "growth",
        "measures": "what a document costs",
        "kind": "measured",
        "command": "python -m benchmarks.speed.growth",
        "commit": "0123456789ab",
        "date": "2026-11-30",
        "figures": [Figure.of("alone", [2.0, 1.0, 3.0], "s")],
    }
    return Result(**(fields | more))  # type: ignore[arg-type]


def test_the_kept_report_and_its_pictures_are_those_of_the_kept_results() -> None:
    files = made(kept())
    for path, text in files.items():
        assert (RESULTS.parent / path).read_bytes() == text.encode(), f"{path}: python -m benchmarks report"
    pictures = {path.relative_to(RESULTS.parent).as_posix() for path in RESULTS.glob("*/*.svg")}
    assert pictures == files.keys() - {"REPORT.md"}


def test_kept_results_are_written_as_they_would_be_now(tmp_path: Path) -> None:
    for path in RESULTS.glob("*/*.json"):
        write(read(path), tmp_path / "again.json")
        assert (tmp_path / "again.json").read_bytes() == path.read_bytes(), path.name


def test_results_say_nothing_of_whose_machine_it_was() -> None:
    for path in RESULTS.glob("*/*.json"):
        for word in ("/tmp/", "/home/", f"{Path.home()}/", f"{ROOT}/"):
            assert word not in path.read_text(), path.name


def test_a_report_has_figures_noise_and_pictures(tmp_path: Path) -> None:
    results = tmp_path / "results"
    lines = {"CPU": [(1.0, 900.0), (64.0, 80.0)], "on the clock": [(1.0, 700.0), (64.0, 45.0)]}
    curve = Curve("A document", "documents", "ms", lines)
    measured = result(machine=environment(), noise=NOISE, curves=[curve], devices=["NVIDIA H200"])
    write(measured, results / "h200" / "growth.json")
    recorded = result(kind="recorded", source="docs/cost.md", figures=[Figure("x", 12345.6)])
    write(recorded, results / "recorded" / "old.json")
    (results / "h200" / "gone.svg").write_text("")
    write_report(results)
    text = (tmp_path / "REPORT.md").read_text()
    assert "| alone | 2 | s | 1 to 3 | 3 |  |" in text
    assert "**Not a quiet machine**: others took 0.70 of 2 cores." in text
    assert "NVIDIA H200" in text
    assert "![A document](results/h200/growth.svg)" in text
    row = (
        "| [old](results/recorded/old.json) | 1 | 2026-11-30 | 0123456789ab | [docs/cost.md](../docs/cost.md)"
    )
    assert row in text
    assert [path.name for path in results.glob("*/*.svg")] == ["growth.svg"]


def test_a_result_is_read_as_it_was_written_and_another_form_is_not(tmp_path: Path) -> None:
    path = tmp_path / "cpu" / "x.json"
    written = result(noise=NOISE, machine=environment())
    write(written, path)
    assert read(path) == written
    path.write_bytes(path.read_bytes().replace(b'"form": 1', b'"form": 2'))
    with pytest.raises(FormError, match="form 2"):
        read(path)


def test_a_picture_has_a_line_for_each_and_stays_in_its_frame() -> None:
    lines = {"a <b>": [(1.0, 5.0), (2.0, 9.0), (64.0, 1.0)], "c": [(1.0, 0.0), (64.0, 3.0)]}
    drawn = ElementTree.fromstring(draw(Curve("t", "x", "y", lines)))
    found = [each.attrib["points"].split() for each in drawn.iter("{http://www.w3.org/2000/svg}polyline")]
    assert [len(line) for line in found] == [3, 2]
    _, _, width, height = (float(value) for value in drawn.attrib["viewBox"].split())
    for line in found:
        places = [tuple(map(float, point.split(","))) for point in line]
        assert all(0 < x < width and 0 < y < height for x, y in places)
        assert [x for x, _ in places] == sorted(x for x, _ in places)


@pytest.mark.parametrize(("most", "last", "count"), [(9.0, 10.0, 6), (0.37, 0.4, 5), (1000.0, 1000.0, 6)])
def test_axes_have_round_numbers(most: float, last: float, count: int) -> None:
    found = steps(most)
    assert found[0] == 0
    assert found[-1] == pytest.approx(last)
    assert len(found) == count


@pytest.mark.parametrize(
    ("value", "text"), [(12345.6, "12,346"), (0.00033, "0.00033"), (12.3456, "12.35"), (3.0, "3")]
)
def test_values_have_four_digits(value: float, text: str) -> None:
    assert shown(value) == text
