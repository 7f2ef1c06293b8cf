"""HTML and Markdown files to blocks: only what a setter can show is taken, menus and pictures are not."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from lxml import html
from lxml.html import HtmlElement
from markdown_it import MarkdownIt

from benchmarks.pages.sources.blocks import (
    Block,
    Code,
    Definitions,
    Heading,
    Item,
    ListBlock,
    Note,
    Paragraph,
    Run,
    Runs,
    Table,
    plain,
)

__all__ = ["read_blocks"]

_LEFT_OUT = frozenset(
    [
        "script",
        "style",
        "nav",
        "footer",
        "header",
        "head",
        "form",
        "svg",
        "math",
        "button",
        "iframe",
        "img",
        "object",
    ]
)
_MENUS = (
    "nav toc sphinxsidebar related footer headerlink breadcrumb langcodes lineno contents index up "
    "qv quickview bottomlang toplang directive-table docnav navheader navfooter"
)
_LEFT_OUT_IDS = frozenset(("page-header", "path", "footer", "banner"))
_LEFT_OUT_CLASSES = frozenset(_MENUS.split())
_STYLES = {"b": "b", "strong": "b", "i": "i", "em": "i", "cite": "i", "var": "i"} | dict.fromkeys(
    ("code", "tt", "kbd", "samp"), "c"
)
_BLOCKS = frozenset(
    [
        "p",
        "ul",
        "ol",
        "dl",
        "pre",
        "table",
        "blockquote",
        "div",
        "section",
        "article",
        "main",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
    ]
)
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_BOXES = frozenset(["note", "warning", "tip", "important", "caution", "sidebar", "admonition"])
#: Numbers of the source's own: the factory numbers anew. A space must follow.
_NUMBERED = re.compile(r"(?:[A-Z\d]{1,3}(?:\.\d{1,3}){0,4}\.?|(?:Chapter|Kapitel|Appendix)\s\S{1,6})\s")
_SPACES = re.compile(r"\s+")
_FRONT_MATTER = re.compile(r"\A---\n(?:(?!---\n).*\n){0,40}---\n")

_LONGEST_HEADING, _LONGEST_CODE, _LONGEST_CELL, _MOST_ROWS = 140, 2500, 220, 30


def read_blocks(path: Path) -> list[Block]:
    """The blocks of an HTML file, gzipped or not, or of a Markdown file."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if path.suffix == ".gz" else data).decode(errors="replace")
    if path.suffix == ".md":
        text = MarkdownIt("commonmark", {"html": False}).enable("table").render(_FRONT_MATTER.sub("", text))
    if not text.strip():
        return []
    root = html.document_fromstring(text.encode(), parser=html.HTMLParser(encoding="utf-8"))
    body = root.find("body")
    if body is None:
        return []
    for path_of_main in (".//main", ".//div[@class='body']", ".//div[@id='content']"):
        found = body.find(path_of_main)
        if found is not None:
            body = found
            break
    return list(_children(body))


def _skipped(element: HtmlElement) -> bool:
    if not isinstance(element.tag, str) or element.tag in _LEFT_OUT:
        return True
    if element.get("id") in _LEFT_OUT_IDS:
        return True
    return not _LEFT_OUT_CLASSES.isdisjoint((element.get("class") or "").lower().split())


def _clean(text: str | None) -> str:
    return _SPACES.sub(" ", (text or "").replace("\u00b6", "").replace("\u200b", "").replace("\u00ad", ""))


def _inline(element: HtmlElement, style: str = "") -> Iterator[Run]:
    """Running text of an element, without the blocks inside it."""
    if element.text:
        yield Run(style, _clean(element.text))
    for child in element:
        if not _skipped(child) and child.tag not in _BLOCKS:
            if child.tag == "br":
                yield Run(style, " ")
            else:
                yield from _inline(child, _STYLES.get(child.tag, style))
        if child.tail:
            yield Run(style, _clean(child.tail))


def _trimmed(runs: Iterable[Run]) -> Runs:
    """One space between words, none at the ends, neighbours of one style joined."""
    out: list[Run] = []
    for run in runs:
        text = run.text if out and not out[-1].text.endswith(" ") else run.text.lstrip()
        if not text:
            continue
        if out and out[-1].style == run.style:
            out[-1] = Run(run.style, out[-1].text + text)
        else:
            out.append(Run(run.style, text))
    if out:
        out[-1] = Run(out[-1].style, out[-1].text.rstrip())
    return tuple(run for run in out if run.text)


def _children(element: HtmlElement) -> Iterator[Block]:
    for child in element:
        if not _skipped(child):
            yield from _block(child)


def _block(element: HtmlElement) -> Iterator[Block]:
    name, classes = element.tag, (element.get("class") or "").lower().split()
    if name in _HEADINGS:
        yield from _heading(element)
    elif name == "p" or (name == "div" and "para" in classes):
        if "title" in classes:  # of a figure or an example: it is none of our roles
            return
        runs = _trimmed(_inline(element))
        if len(plain(runs)) > 1:
            yield Paragraph(runs)
        for inner in element:
            if inner.tag in ("ul", "ol", "pre", "table", "div") and not _skipped(inner):
                yield from _block(inner)
    elif name in ("ul", "ol"):
        if items := _items(element):
            yield ListBlock(name == "ol", items)
    elif name == "dl":
        yield from _definitions(element)
    elif name == "pre":
        text = _code(element)
        if 3 < len(text) < _LONGEST_CODE:
            yield Code(text)
    elif name == "table":
        yield from _table(element)
    elif name == "blockquote":
        for block in _children(element):
            yield Paragraph(block.runs, quoted=True) if isinstance(block, Paragraph) else block
    elif name == "div" and not _BOXES.isdisjoint(classes):
        inside = tuple(block for block in _children(element) if not isinstance(block, Heading | Note | Table))
        if inside:
            yield Note(inside[:6])
    elif name in ("div", "section", "article", "main", "center", "td", "figure", "details", "span"):
        yield from _children(element)


def _heading(element: HtmlElement) -> Iterator[Heading]:
    text = plain(_trimmed(_inline(element)))
    bare = _NUMBERED.sub("", text, count=1) if _NUMBERED.match(text) else text
    if 1 < len(bare) < _LONGEST_HEADING:
        yield Heading(_HEADINGS[element.tag], bare)


def _code(element: HtmlElement) -> str:
    lines = element.text_content().expandtabs(4).split("\n")
    while lines and not lines[0].strip():
        lines.pop(0)
    while lines and not lines[-1].strip():
        lines.pop()
    return "\n".join(line.rstrip() for line in lines)


def _items(element: HtmlElement) -> tuple[Item, ...]:
    items = []
    for child in element:
        if child.tag != "li":
            continue
        runs = _first_text(child)
        inner = next((grandchild for grandchild in child if grandchild.tag in ("ul", "ol")), None)
        if len(plain(runs)) > 1:
            below = _items(inner) if inner is not None else ()
            items.append(
                Item(runs, ListBlock(inner.tag == "ol", below) if inner is not None and below else None)
            )
    return tuple(items)


def _first_text(element: HtmlElement) -> Runs:
    """What an item says in itself, or else in its first paragraph."""
    runs = _trimmed(_inline(element))
    if len(plain(runs)) > 1:
        return runs
    for child in element:
        if child.tag in ("p", "div") and not _skipped(child):
            return _trimmed(_inline(child))
    return ()


def _definitions(element: HtmlElement) -> Iterator[Definitions]:
    items = []
    for child in element:
        if child.tag in ("dt", "dd"):
            runs = _first_text(child)
            if plain(runs).strip():
                items.append((child.tag, runs))
    if len(items) > 1 and items[0][0] == "dt":
        yield Definitions(tuple(items))


def _table(element: HtmlElement) -> Iterator[Block]:
    rows = [
        [_clean(cell.text_content()).strip() for cell in row if cell.tag in ("td", "th")]
        for row in element.iter("tr")
    ]
    rows = [row for row in rows if any(row)][:_MOST_ROWS]
    width = max(map(len, rows), default=0)
    if width == 1:
        yield from (block for cell in element.iter("td") for block in _children(cell))
        return
    nested = any(element.find(f".//{name}") is not None for name in ("pre", "ul", "table"))
    if nested or len(rows) < 2 or not 2 <= width <= 8 or _longest(rows) > _LONGEST_CELL:
        return
    caption = element.find("caption")
    yield Table(
        tuple((*row, *[""] * (width - len(row))) for row in rows),
        _clean(caption.text_content()).strip() if caption is not None else "",
    )


def _longest(rows: list[list[str]]) -> int:
    return max(len(cell) for row in rows for cell in row)
