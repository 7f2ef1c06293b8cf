"""Figures that pages state are in the results that they name; those that name none cannot grow."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.harness.result import Figure, Result, write
from benchmarks.harness.stated import ROOT, UnknownResultError, pages, sections, untrue

#: Figures of pages without a result: to be measured, or said to be settings. Fewer are welcome.
UNCOVERED: dict[str, int] = {
    "docs/command-line.md": 2,
    "docs/device-seconds.md": 3,
    "docs/docling-models.md": 14,
    "docs/ingest-operation.md": 11,
    "docs/ingest.md": 10,
    "docs/installing.md": 8,
    "docs/kubernetes-tests.md": 21,
    "docs/kubernetes.md": 8,
    "docs/ledger.md": 2,
    "docs/monitoring.md": 6,
    "docs/robustness.md": 3,
    "docs/runbook.md": 2,
    "docs/serving-on-kubernetes.md": 8,
    "docs/stock-docling.md": 2,
    "docs/tables.md": 7,
    "docs/triton-operation.md": 8,
    "docs/triton.md": 6,
    "docs/understanding-operation.md": 4,
    "docs/understanding.md": 9,
}


def test_figures_of_pages_are_those_of_results() -> None:
    assert list(untrue()) == []


def test_no_page_states_more_without_a_result_than_it_did() -> None:
    now = {page: stated.uncovered for page, stated in pages().items()}
    more = {page: count for page, count in now.items() if count > UNCOVERED.get(page, 0)}
    assert more == {}, "name their results: docs/benchmarks.md#figures-that-pages-state"


def test_the_pages_are_found() -> None:
    found = pages()
    assert {"README.md", "docs/benchmarks.md", "docs/cost.md"} <= found.keys()
    assert found["docs/cost.md"].held > 100


def page_of(folder: Path, text: str, *figures: Figure) -> Path:
    """A repository with one page and one result."""
    (folder / "docs").mkdir()
    (folder / "README.md").write_text(text)
    result = Result(
        name="x", measures="x", kind="measured", command="", commit="", date="", figures=list(figures)
    )
    write(result, folder / "benchmarks" / "results" / "cpu" / "x.json")
    return folder


TABLE = "# Title\n\n<!-- figures: cpu/x -->\n\n| | pages/s |\n|---|---|\n| Alone, 2 workers | {} |\n"


@pytest.mark.parametrize(
    ("written", "value", "right"),
    [
        ("12.5", 12.4567, True),
        ("12.5", 12.56, False),
        ("1,234", 1234.4, True),
        ("97 %", 0.968, True),
        ("97 %", 0.962, False),
        (".908", 0.9081, True),
        ("**12**", 13.0, False),
        ("±3", -3.2, True),
        ("`12`", 99.0, True),  # code is no figure
        ("2026-11-29", 99.0, True),
    ],
)
def test_a_figure_is_held_as_far_as_it_is_written_out(
    tmp_path: Path, written: str, value: float, right: bool
) -> None:
    wrong = list(untrue(page_of(tmp_path, TABLE.format(written), Figure("x", value))))
    assert not wrong if right else len(wrong) == 1 and "Alone, 2 workers, pages/s" in wrong[0]


def test_numbers_of_a_text_are_figures_where_a_unit_follows() -> None:
    text = (
        "Of 62 pages in 3 files one took 87 and 90 CPU ms, Python 3.11\nat 0a1b2c3d, 1,095\nMB; see [4](x)."
    )
    [section] = sections(text)
    assert [(number.text, number.line) for number in section.numbers] == [("87", 1), ("90", 1), ("1,095", 2)]


def test_comments_hold_until_the_next_heading() -> None:
    text = "# A\n\n<!-- figures: a/b, c/d -->\n\n1.5 s\n\n"
    text += "<!-- no figures: settings -->\n\n2.5 s\n\n## B\n\n3.5 s\n"
    assert [(each.heading, each.results, [n.text for n in each.numbers]) for each in sections(text)] == [
        ("A", ("a/b", "c/d"), ["1.5"]),
        ("B", None, ["3.5"]),
    ]


def test_a_result_that_is_not_kept_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UnknownResultError, match=r"README\.md:3: no result cpu/y"):
        list(untrue(page_of(tmp_path, TABLE.replace("cpu/x", "cpu/y").format("1.5"))))


def test_the_root_is_the_repository() -> None:
    assert (ROOT / "pyproject.toml").is_file()
