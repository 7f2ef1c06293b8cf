"""A table sample as a PDF, set by typst."""

from __future__ import annotations

import typst

from benchmarks.table_structure.samples import Cell, Sample

__all__ = ["pdf_of"]


def pdf_of(sample: Sample) -> bytes:
    """A PDF of one page that holds the table alone."""
    return typst.compile(_source(sample).encode())


def _source(sample: Sample) -> str:
    widths = ", ".join("auto" if width is None else f"{width}em" for width in sample.widths)
    across, down = sample.padding
    return "\n".join(
        [
            "#set page(width: 900pt, height: auto, margin: 40pt)",
            f"#set text(font: {_quoted(sample.font)}, size: {sample.size}pt)",
            f"#set text(lang: {_quoted(sample.language)}, hyphenate: {str(sample.hyphenate).lower()})",
            f"#set par(leading: {sample.leading}em)",
            f"#table(columns: ({widths},), stroke: {_stroke(sample)}, inset: (x: {across}em, y: {down}em),",
            f"fill: {_fill(sample)},",
            f"align: (x, y) => ({', '.join(sample.aligned)},).at(x) + {sample.vertical},",
            *_rules(sample),
            *(_cell(cell) for cell in sorted(sample.cells, key=lambda c: (c.row, c.col))),
            ")",
        ]
    )


def _rows(sample: Sample) -> int:
    return max(cell.row + cell.row_span for cell in sample.cells)


def _stroke(sample: Sample) -> str:
    if sample.rules == "grid":
        return "0.5pt"
    if sample.rules == "columns":
        return "(x, y) => (left: if x > 0 { 0.5pt })"
    if sample.rules == "frame":
        return (
            f"(x, y) => (left: 0.5pt, right: 0.5pt, top: if y in (0, {sample.heads}) {{ 0.5pt }},"
            f" bottom: if y == {_rows(sample) - 1} {{ 0.5pt }})"
        )
    if sample.rules == "columns-head":
        return f"(x, y) => if y < {sample.heads} {{ 0.5pt }} else {{ (bottom: 0.5pt) }}"
    return "none"


def _fill(sample: Sample) -> str:
    return "(x, y) => if calc.odd(y) { luma(225) }" if sample.rules == "zebra" else "none"


def _rules(sample: Sample) -> list[str]:
    rows = _rows(sample)
    rows = _rows(sample)
    heights: list[int] = []
    if sample.rules.startswith("booktabs"):
        heights = [0, sample.heads, rows]
    elif sample.rules == "head":
        heights = [sample.heads]
    elif sample.rules == "rows":
        heights = list(range(rows + 1))
    lines = [f"table.hline(y: {y}, stroke: 0.6pt)," for y in sorted({*heights, *sample.sections})]
    if sample.rules == "booktabs-groups":
        lines += [
            f"table.hline(y: 1, start: {cell.col}, end: {cell.col + cell.col_span}, stroke: 0.4pt),"
            for cell in sample.cells
            if cell.row == 0 and cell.col_span > 1
        ]
    return lines


def _cell(cell: Cell) -> str:
    spans = f"colspan: {cell.col_span}, rowspan: {cell.row_span}"
    how = ", align: center" if cell.centred else ""
    mark = f"#super[#{_quoted(cell.mark)}]" if cell.mark else ""
    return f"table.cell(x: {cell.col}, y: {cell.row}, {spans}{how})[#{_quoted(cell.text)}{mark}],"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
