from __future__ import annotations

import pytest

from benchmarks.quality.grid import GridCell
from benchmarks.quality.latex import latex_grids


def rows(latex: str) -> list[list[str]]:
    [grid] = latex_grids(latex)
    lines: dict[int, list[str]] = {}
    for cell in grid:
        lines.setdefault(cell.top, []).append(cell.text)
    return list(lines.values())


def test_cells_and_rows() -> None:
    latex = r"""\begin{tabular}{l|r@{ }c}
        \toprule
        Name & Mass \& size & \\
        \cmidrule(lr){2-3}
        {\bf Sun} & \textbf{1.99} & $\times 10^{30}$ \\[2pt]
        \hline
    \end{tabular}"""
    assert rows(latex) == [["Name", "Mass & size", ""], ["Sun", "1.99", "× 10^30"]]


def test_spans() -> None:
    latex = r"""\begin{tabular}{ccc}
        \multirow{2}{*}{\textbf{A}} & \multicolumn{2}{c|}{B} \\
        \cline{2-3} & b & c \\
        1 & 2 & \multirow{-2}{*}{3}
    \end{tabular}"""
    [grid] = latex_grids(latex)
    assert [cell for cell in grid if cell.text] == [
        GridCell(0, 1, 0, 0, "A"),
        GridCell(0, 0, 1, 2, "B"),
        GridCell(1, 1, 1, 1, "b"),
        GridCell(1, 1, 2, 2, "c"),
        GridCell(2, 2, 0, 0, "1"),
        GridCell(2, 2, 1, 1, "2"),
        GridCell(1, 2, 2, 2, "3"),
    ]


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\cellcolor[gray]{0.9} 1.5", "1.5"),
        (r"\makecell[l]{two \\ lines}", "two lines"),
        (r"\textcolor{red}{5}", "5"),
        (r"\rotatebox[origin=c]{90}{turned}", "turned"),
        (r"$\alpha_{1}\pm 2$", "α_1± 2"),
        (r"a~b", "a b"),
        (r"\begin{tabular}{c} in \\ side \end{tabular}", "in side"),
        (r"\verb|a&b|", "a&b"),
        (r"\unknown{kept}", "kept"),
    ],
)
def test_what_a_reader_sees(latex: str, text: str) -> None:
    assert rows(rf"\begin{{tabular}}{{cc}} x & {latex} \\ \end{{tabular}}") == [["x", text]]


def test_other_tables_and_several() -> None:
    latex = (
        r"\begin{tabular*}{\textwidth}{cc} a & b \end{tabular*} and \begin{array}[t]{c} 1 \\ 2 \end{array}"
    )
    assert [[cell.text for cell in grid] for grid in latex_grids(latex)] == [["a", "b"], ["1", "2"]]


def test_broken_latex_is_read_as_far_as_it_goes() -> None:
    [grid] = latex_grids(r"\begin{tabular}{c} a & {b \\ c")
    assert grid[0].text == "a"
