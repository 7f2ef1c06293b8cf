"""LaTeX tables as grids, and their cells as a reader sees them; pylatexenc parses.

`multicolumn` and `multirow` span. Rules, colours, boxes and sizes say nothing; mathematics is written in
Unicode where it can be, with its subscripts and superscripts in line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db
from pylatexenc.latexwalker import (
    LatexEnvironmentNode,
    LatexGroupNode,
    LatexMacroNode,
    LatexNode,
    LatexSpecialsNode,
    LatexWalker,
)
from pylatexenc.latexwalker import get_default_latex_context_db as get_default_walker_db
from pylatexenc.macrospec import std_environment, std_macro

from benchmarks.quality.grid import Grid, GridCell

__all__ = ["latex_grids"]

_TABLES = {
    "tabular": "[{",
    "tabular*": "{[{",
    "tabularx": "{[{",
    "tabulary": "{[{",
    "array": "[{",
    "longtable": "[{",
    "tblr": "[{",
}
_NEW_ROW = {"\\", "tabularnewline", "cr"}

#: Macros by their arguments, and which of these is read; 0: none.
_MACROS = {
    "multicolumn": ("{{{", 3),
    "multirow": ("[{[{[{", 6),
    "makecell": ("*[{", 3),
    "thead": ("*[{", 3),
    "rothead": ("*[{", 3),
    "shortstack": ("[{", 2),
    "parbox": ("[{{", 3),
    "rotatebox": ("[{{", 3),
    "scalebox": ("{[{", 3),
    "resizebox": ("*{{{", 4),
    "raisebox": ("{[[{", 4),
    "makebox": ("[[{", 3),
    "textcolor": ("[{{", 3),
    "colorbox": ("[{{", 3),
    "href": ("{{", 2),
    "diagbox": ("[{{", 0),
    "color": ("[{", 0),
    "cellcolor": ("[{", 0),
    "rowcolor": ("[{", 0),
    "columncolor": ("[{", 0),
    "arrayrulecolor": ("[{", 0),
    "cline": ("{", 0),
    "cmidrule": ("[{", 0),
    "cdashline": ("{[", 0),
    "hdashline": ("[", 0),
    "specialrule": ("{{{", 0),
    "Xhline": ("{", 0),
    "toprule": ("[", 0),
    "midrule": ("[", 0),
    "bottomrule": ("[", 0),
    "addlinespace": ("[", 0),
    "noalign": ("{", 0),
    "hspace": ("*{", 0),
    "vspace": ("*{", 0),
    "label": ("{", 0),
    "setlength": ("{{", 0),
}
#: How far a rule of booktabs is trimmed: no argument that pylatexenc knows.
_TRIM = re.compile(r"(\\cmidrule)\s{0,8}\([lr\d.a-z{}\\]{0,40}\)")


def latex_grids(latex: str) -> tuple[Grid, ...]:
    """The tables in a piece of LaTeX; those within a cell are its text."""
    nodes, _, _ = LatexWalker(
        _TRIM.sub(r"\1", latex), latex_context=_walker_context(), tolerant_parsing=True
    ).get_latex_nodes()
    return tuple(_grid(table.nodelist) for table in _tables(nodes))


def _tables(nodes: Sequence[LatexNode | None]) -> Iterator[LatexEnvironmentNode]:
    for node in nodes:
        if isinstance(node, LatexEnvironmentNode) and node.environmentname in _TABLES:
            yield node
        elif isinstance(node, LatexEnvironmentNode | LatexGroupNode):
            yield from _tables(node.nodelist)
        elif isinstance(node, LatexMacroNode) and node.nodeargd:
            yield from _tables(node.nodeargd.argnlist)


def _grid(nodes: Sequence[LatexNode]) -> Grid:
    cells = []
    for row, line in enumerate(_rows(nodes)):
        column = 0
        for content in line:
            across, down = _arguments(content, "multicolumn", 0), _arguments(content, "multirow", 1)
            top = row + down + 1 if down < 0 else row
            bottom = row if down < 0 else row + down - 1
            cells.append(GridCell(max(0, top), bottom, column, column + across - 1, _text(content)))
            column += across
    return tuple(cells)


def _rows(nodes: Sequence[LatexNode]) -> Iterator[list[list[LatexNode]]]:
    """The cells of each row; what is only rules or space is none."""
    row: list[list[LatexNode]] = [[]]
    for node in nodes:
        if isinstance(node, LatexMacroNode) and node.macroname in _NEW_ROW:
            if len(row) > 1 or _text(row[0]):
                yield row
            row = [[]]
        elif isinstance(node, LatexSpecialsNode) and node.specials_chars == "&":
            row.append([])
        else:
            row[-1].append(node)
    if len(row) > 1 or _text(row[0]):
        yield row


def _arguments(nodes: Sequence[LatexNode | None], macro: str, place: int) -> int:
    """The number that the first such macro of a cell is given, wherever in the cell it is; 1 without one."""
    return next(_counts(nodes, macro, place), 1)


def _counts(nodes: Sequence[LatexNode | None], macro: str, place: int) -> Iterator[int]:
    for node in nodes:
        if isinstance(node, LatexGroupNode):
            yield from _counts(node.nodelist, macro, place)
        elif isinstance(node, LatexMacroNode) and node.nodeargd:
            if node.macroname == macro and node.nodeargd.argnlist:
                said = _text([node.nodeargd.argnlist[place]])
                if said.removeprefix("-").isdecimal() and int(said):
                    yield int(said)
            yield from _counts(node.nodeargd.argnlist, macro, place)


def _text(nodes: Sequence[LatexNode | None]) -> str:
    converter = LatexNodes2Text(
        latex_context=_text_context(), math_mode="text", strict_latex_spaces=False, keep_comments=False
    )
    text = converter.nodelist_to_text([node for node in nodes if node is not None])
    return " ".join(text.split())


@cache
def _walker_context() -> Any:
    context = get_default_walker_db()
    macros = [std_macro(name, arguments) for name, (arguments, _) in _MACROS.items()]
    environments = [std_environment(name, arguments) for name, arguments in _TABLES.items()]
    context.add_context_category(
        "tables", macros=[*macros, std_macro("rowcolors", "*[{{{")], environments=environments, prepend=True
    )
    return context


@cache
def _text_context() -> Any:
    context = get_default_latex_context_db()
    macros = [
        MacroTextSpec(name, simplify_repl=f"%({read})s" if read else "")
        for name, (_, read) in _MACROS.items()
    ]
    macros += [MacroTextSpec("\\", simplify_repl=" "), MacroTextSpec("rowcolors", simplify_repl="")]
    macros += [MacroTextSpec("verb", simplify_repl="%(1)s")]
    context.add_context_category("tables", macros=macros, prepend=True)
    return context
