"""A page for people: the worst documents with their regions drawn on them, and what was expected.

`index.html` in a folder, with the pictures beside it.
"""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from PIL import Image

from benchmarks.metrics.text import strip_markdown
from benchmarks.quality.cases import Verdict
from benchmarks.quality.engines.output import Output
from benchmarks.quality.grid import Grid
from benchmarks.quality.halves import Half
from benchmarks.quality.relations import squeezed
from benchmarks.quality.run import Run
from benchmarks.quality.truths import TableTruth, Truth
from docmill.pipeline.convert.errors import DocumentError
from docmill.pipeline.convert.pdf.pdf import Pdf

__all__ = ["MOST_PAGES", "write_pages"]

#: Of a document, pages that are shown.
MOST_PAGES = 8
_QUALITY = 70
_WRAPPED = 72
_SENTENCE_END = re.compile(r"(?<=[.!?]) ")

_STYLE = """
body { font: 14px sans-serif; margin: 2em } h2 { border-top: 1px solid #999; padding-top: 1em }
.pages img { width: 24em; border: 1px solid #ccc; margin: 2px; vertical-align: top }
.beside { display: flex; gap: 2em; overflow-x: auto } .beside > div { flex: 1 }
table { border-collapse: collapse; margin-bottom: 1em } td { border: 1px solid #bbb; padding: 1px 4px }
.odd { background: #fdd } pre { white-space: pre-wrap; font-size: 12px } td[nowrap] { font: 12px monospace }
.diff_add { background: #cfc } .diff_chg { background: #ffc } .diff_sub { background: #fdd }
"""


def write_pages(folder: Path, runs: Iterable[Run], half: Half, worst: int) -> Path:
    """Write the worst documents of a half, and all kinds that are not right; the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = [part for each in runs for part in _engine(each, folder, half, worst)]
    path = folder / "index.html"
    head = f"<!doctype html><meta charset='utf-8'><title>Quality</title><style>{_STYLE}</style>"
    path.write_text(head + "\n".join(parts), encoding="utf-8")
    return path


def _engine(run: Run, folder: Path, half: Half, worst: int) -> Iterator[str]:
    yield f"<h1>{escape(run.corpus.name)}: {escape(run.report.engine)}</h1>"
    truths = {subject.name: subject.truth for subject in run.corpus.subjects}
    chosen = [score for score in run.report.documents if half in (Half.ALL, score.half)]
    for score in chosen[: worst or None]:
        figures = ", ".join(
            f"{name} {value:.3f}" for name, value in score.figures.items() if value is not None
        )
        output = run.outputs[score.name]
        yield f"<h2>{escape(score.name)}: {figures}</h2>" + _pictures(run, score.name, folder)
        yield _beside(truths[score.name], output)
    expected = {case.kind: case.expected for case in run.corpus.cases}
    for case in run.report.cases:
        if case.verdict is not Verdict.RIGHT:
            yield f"<h2>{escape(case.kind)}: {case.verdict}: {escape(case.why)}</h2>"
            yield _pictures(run, case.kind, folder)
            yield _texts(expected[case.kind], run.outputs[case.kind].markdown)


def _pictures(run: Run, name: str, folder: Path) -> str:
    pictures = run.outputs[name].pages or list(_plain_pages(run.corpus.pdfs[name]))
    images = []
    for number, picture in enumerate(pictures, start=1):
        file = f"{run.corpus.name}-{run.report.engine}-{name}-{number}.jpg".replace("/", "_").replace(
            ":", "_"
        )
        (folder / file).write_bytes(picture)
        images.append(f"<a href='{escape(file)}'><img src='{escape(file)}' loading='lazy'></a>")
    return f"<div class='pages'>{''.join(images)}</div>"


def _plain_pages(pdf: Path) -> Iterator[bytes]:
    """The pages without regions, of a converter that says none."""
    try:
        with Pdf.open(pdf) as opened:
            for number in range(1, min(opened.page_count, MOST_PAGES) + 1):
                buffer = io.BytesIO()
                Image.fromarray(opened.render(number, 1.0)).save(buffer, "JPEG", quality=_QUALITY)
                yield buffer.getvalue()
    except DocumentError:  # it has no pages to show
        return


def _beside(truth: Truth, output: Output) -> str:
    if isinstance(truth, TableTruth):
        expected, found = truth.readings[0], output.grids
        texts = [{squeezed(cell.text) for grid in side for cell in grid} for side in (expected, found)]
        return (
            f"<div class='beside'><div><h3>expected</h3>{_tables(expected, texts[1])}</div>"
            f"<div><h3>{escape(output.failure or 'got')}</h3>{_tables(found, texts[0])}</div></div>"
        )
    return _texts(truth.markdown, output.markdown)


def _texts(expected: str, got: str) -> str:
    """Both as they are, and where they differ."""
    differing = difflib.HtmlDiff(wrapcolumn=_WRAPPED)
    table = differing.make_table(list(_sentences(expected)), list(_sentences(got)), "expected", "got")
    return f"<div>{table}</div>"


def _sentences(markdown: str) -> Iterator[str]:
    """Headings and rows of tables as they are, and text a sentence a line, so that equal ones meet."""
    for line in markdown.splitlines():
        if line.startswith(("#", "|", "<", "`")):
            yield line
        elif line.strip():
            yield from _SENTENCE_END.split(strip_markdown(line))
    yield ""


def _tables(grids: Iterable[Grid], others: set[str]) -> str:
    return "".join(_table(grid, others) for grid in grids)


def _table(grid: Grid, others: set[str]) -> str:
    """As HTML; cells whose text the other side has not are marked."""
    rows: dict[int, list[str]] = {}
    for cell in sorted(grid, key=lambda cell: (cell.top, cell.left)):
        text = squeezed(cell.text)
        odd = " class='odd'" if text and text not in others else ""
        spans = f" rowspan={cell.bottom - cell.top + 1} colspan={cell.right - cell.left + 1}"
        rows.setdefault(cell.top, []).append(f"<td{spans}{odd}>{escape(cell.text)}</td>")
    return "<table>" + "".join(f"<tr>{''.join(cells)}</tr>" for cells in rows.values()) + "</table>"
