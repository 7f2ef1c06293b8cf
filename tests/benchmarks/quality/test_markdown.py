from __future__ import annotations

from benchmarks.quality.grid import GridCell
from benchmarks.quality.markdown import (
    headings,
    html_rows,
    markdown_grids,
    plain,
    sections,
    without_heading,
    without_section,
)

PAPER = """# On *Things*

Alice

## Summary

One | not a table
Two

| A | B |
|:--|---|
| 1 | 2 |
| 3 |

## References

- Book
"""


def test_headings_and_what_stands_under_them() -> None:
    assert headings(PAPER) == ["On Things", "Summary", "References"]
    found = sections(PAPER)
    assert [section.heading for section in found] == ["", "On *Things*", "Summary", "References"]
    assert found[1].text == "Alice"
    assert found[2].text == (
        "One | not a table Two <table><tr><th>A</th><th>B</th></tr>"
        "<tr><td>1</td><td>2</td></tr><tr><td>3</td><td></td></tr></table>"
    )


def test_hashes_in_text_are_no_headings() -> None:
    assert headings("#hash\n####### seven\n#\n# yes #1") == ["yes #1"]


def test_tables_of_pipes_and_of_html() -> None:
    text = (
        PAPER
        + "<table><thead><tr><td rowspan=2>x</td><td>y<br>z</td></tr></thead><tr><td>w</td></tr></table>"
    )
    pipes, html = markdown_grids(text)
    assert [cell.text for cell in pipes] == ["A", "B", "1", "2", "3", ""]
    assert html == (GridCell(0, 1, 0, 0, "x"), GridCell(0, 0, 1, 1, "y z"), GridCell(1, 1, 1, 1, "w"))


def test_html_in_the_cells_of_a_pipe_table_is_no_text() -> None:
    [grid] = markdown_grids("| a<br>b | x<sup>2</sup> |\n|---|---|\n| 1 &lt; 2 | c <d> |")
    assert [cell.text for cell in grid] == ["a b", "x2", "1 < 2", "c <d>"]


def test_an_empty_head_is_left_out() -> None:
    assert [[cell.text for cell in row] for row in html_rows("| | |\n|-|-|\n|a|b|")[0]] == [["a", "b"]]


def test_a_table_in_a_table_is_its_cells_text() -> None:
    text = "<table><tr><td>a<table><tr><td>b</td></tr></table></td><td>c</td></tr></table> <table><tr><td>d"
    assert [[[cell.text for cell in row] for row in rows] for rows in html_rows(text)] == [
        [["ab", "c"]],
        [["d"]],
    ]


def test_emphasis_goes_and_other_marks_stay() -> None:
    assert plain("***a*** __b__ ~~c~~ _d e_") == "a b c d e"
    assert plain("**a *b* c**\n d") == "a b c d"
    assert plain("2 * 3 * 4 and x ** y") == "2 * 3 * 4 and x ** y"
    assert plain("*open") == "*open"


def test_what_fair_scoring_takes_out() -> None:
    assert headings(without_heading(PAPER)) == ["Summary", "References"]
    assert "Book" not in without_section(PAPER, "references")
    assert "Two" in without_section(PAPER, "references")
    assert without_heading("no heading") == "no heading"
