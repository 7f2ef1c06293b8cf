"""Markdown as opendataloader-bench reads it: tables as HTML, a flat tree of headings, text without emphasis.

A table is a line with pipes, a line of hyphens and colons under it, and the lines with pipes that follow;
its rows are filled up or cut to the width of the first two. HTML tables are taken as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape, unescape
from itertools import chain, repeat
from typing import Any

import msgspec
from lxml import etree
from lxml import html as lxml_html

from benchmarks.metrics.items import normalised
from benchmarks.quality.grid import Grid, GridCell

__all__ = [
    "HtmlCell",
    "Section",
    "heading_levels",
    "headings",
    "html_rows",
    "markdown_grids",
    "plain",
    "sections",
    "with_html_tables",
    "without_heading",
    "without_section",
]

_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*)")
_RULE = re.compile(r"[ \t]*:?-+:?[ \t]*")
_TABLE_START = re.compile(r"<table\b", re.IGNORECASE)
_TABLE_CLOSE = re.compile(r"</table\s{0,8}>", re.IGNORECASE)
_BREAK = re.compile(r"<br\s{0,4}/?>", re.IGNORECASE)
_INLINE_TAG = re.compile(r"</?(?:sup|sub|b|i|u|s|em|strong|code|mark|small)>", re.IGNORECASE)
#: Where emphasis may begin or end: the longest first.
_MARKS = re.compile(r"\*{1,3}|~~|__|_")


class Section(msgspec.Struct, frozen=True):
    """A heading, empty for what stands before the first one, and the text up to the next."""

    heading: str
    text: str


class HtmlCell(msgspec.Struct, frozen=True):
    """A cell of an HTML table."""

    text: str
    rowspan: int = 1
    colspan: int = 1


def with_html_tables(markdown: str) -> str:
    """The Markdown with its pipe tables as HTML."""
    lines, written, at = markdown.splitlines(), list[str](), 0
    while at < len(lines):
        head = _row(lines[at])
        rule = _row(lines[at + 1]) if head and at + 1 < len(lines) else None
        if head is None or rule is None or not all(_RULE.fullmatch(cell) for cell in rule):
            written.append(lines[at])
            at += 1
            continue
        width, rows, at = max(len(head), len(rule)), [head], at + 2
        while at < len(lines) and (row := _row(lines[at])):
            rows.append(row)
            at += 1
        if not any(head) and len(rows) > 1:
            rows = rows[1:]
        written.append(_html_table([(row + [""] * width)[:width] for row in rows]))
    return "\n".join(written)


def html_rows(markdown: str) -> list[list[list[HtmlCell]]]:
    """The tables of a Markdown text: rows of cells as HTML has them, spanned places not among them."""
    return [_html_rows(table) for table in _tables(with_html_tables(markdown))]


def markdown_grids(markdown: str) -> tuple[Grid, ...]:
    """The tables of a Markdown text as grids."""
    return tuple(_grid(rows) for rows in html_rows(markdown))


def sections(markdown: str) -> list[Section]:
    """Its headings, each with what stands under it, white space collapsed; tables as HTML."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in with_html_tables(markdown).split("\n"):
        if heading := _HEADING.fullmatch(line.rstrip()):
            found.append((_collapsed(heading[2]), []))
        else:
            found[-1][1].append(line)
    return [Section(heading, _collapsed(" ".join(lines))) for heading, lines in found]


def headings(markdown: str) -> list[str]:
    """The texts of the headings, without emphasis, normalised."""
    found = (_HEADING.fullmatch(line.rstrip()) for line in markdown.splitlines())
    texts = (normalised(plain(heading[2])) for heading in found if heading)
    return [text for text in texts if text]


def heading_levels(markdown: str) -> list[int]:
    """The levels of the headings, 1 the highest."""
    found = (_HEADING.fullmatch(line.rstrip()) for line in markdown.splitlines())
    return [len(heading[1]) for heading in found if heading]


def plain(markdown: str) -> str:
    """Without the marks of emphasis, white space collapsed."""
    return _collapsed(_without_emphasis(markdown))


def without_heading(markdown: str) -> str:
    """Without the line of the first heading."""
    lines = markdown.splitlines()
    first = next((at for at, line in enumerate(lines) if _HEADING.fullmatch(line.rstrip())), None)
    return markdown if first is None else "\n".join(lines[:first] + lines[first + 1 :])


def without_section(markdown: str, title: str) -> str:
    """Without the sections of that title: their headings, and what follows up to the next one."""
    kept, inside = list[str](), False
    for line in markdown.splitlines():
        if heading := _HEADING.fullmatch(line.rstrip()):
            inside = plain(heading[2]).casefold() == title.casefold()
        if not inside:
            kept.append(line)
    return "\n".join(kept)


def _collapsed(text: str) -> str:
    return " ".join(text.split())


def _row(line: str) -> list[str] | None:
    """The cells of a line with pipes."""
    text = line.strip()
    if "|" not in text:
        return None
    cells = text.removeprefix("|").split("|")
    if len(cells) > 1 and text.endswith("|"):
        cells.pop()
    return [cell.strip() for cell in cells]


def _html_table(rows: Sequence[Sequence[str]]) -> str:
    lines = (
        "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row)
        for row, tag in zip(rows, chain(["th"], repeat("td")), strict=False)
    )
    return "<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>"


def _tables(text: str) -> Iterator[str]:
    """The outermost HTML tables; one that is not closed ends with the text."""
    at = 0
    while start := _TABLE_START.search(text, at):
        depth, at = 1, start.end()
        while depth:
            end, inner = _TABLE_CLOSE.search(text, at), _TABLE_START.search(text, at)
            if end is None:
                at = len(text)
                break
            if inner is not None and inner.start() < end.start():
                depth, at = depth + 1, inner.end()
            else:
                depth, at = depth - 1, end.end()
        yield text[start.start() : at]


def _html_rows(table: str) -> list[list[HtmlCell]]:
    try:
        tree = lxml_html.fragment_fromstring(table, create_parent="div")
    except (etree.ParserError, ValueError):  # nothing in it, or characters that XML has not
        return []
    rows = tree.xpath("./table/tr | ./table/*[self::thead or self::tbody or self::tfoot]/tr")
    return [
        [
            HtmlCell(_collapsed(_words(cell)), _span(cell, "rowspan"), _span(cell, "colspan"))
            for cell in row.xpath("./td | ./th")
        ]
        for row in rows
    ]


def _words(cell: Any) -> str:
    """The cell's text; a line break parts words."""
    return " ".join(cell.itertext()) if cell.xpath(".//br") else str(cell.text_content())


def _span(cell: Any, name: str) -> int:
    value = cell.get(name, "1").strip()
    return min(int(value), _MOST_SPANNED) if value.isdecimal() and int(value) else 1


#: HTML's own limit of a colspan.
_MOST_SPANNED = 1000


def _grid(rows: Sequence[Sequence[HtmlCell]]) -> Grid:
    taken: set[tuple[int, int]] = set()
    cells = []
    for row, row_cells in enumerate(rows):
        column = 0
        for cell in row_cells:
            while (row, column) in taken:
                column += 1
            bottom = min(row + cell.rowspan, len(rows)) - 1
            right = column + cell.colspan - 1
            taken.update(
                (place, across) for place in range(row, bottom + 1) for across in range(column, right + 1)
            )
            cells.append(GridCell(row, bottom, column, right, _without_tags(cell.text)))
            column = right + 1
    return tuple(cells)


def _without_tags(text: str) -> str:
    """As it is shown where Markdown has HTML in the cells of a pipe table: `<br>`, `<sup>`, `&lt;`."""
    return _collapsed(unescape(_INLINE_TAG.sub("", _BREAK.sub(" ", text))))


def _without_emphasis(text: str) -> str:
    """Take pairs of equal marks away that hug what is between them, from the inside out.

    A mark with white space on its inner side stays: it is no emphasis.
    """
    kept: list[str] = []
    open_: list[tuple[str, int]] = []  # marks that wait for their end, and where they are in `kept`
    at = 0
    for mark in _MARKS.finditer(text):
        kept.append(text[at : mark.start()])
        at = mark.end()
        before = text[mark.start() - 1 : mark.start()]
        after = text[mark.end() : mark.end() + 1]
        places = [place for place, (waiting, _) in enumerate(open_) if waiting == mark[0]]
        if before.strip() and places:
            _, where = open_[places[-1]]
            del open_[places[-1] :]
            kept[where] = ""
            continue
        kept.append(mark[0])
        if after.strip():
            open_.append((mark[0], len(kept) - 1))
    return "".join([*kept, text[at:]])
