"""Views in the words and figures that people read; the template only places them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from types import MappingProxyType

from docmill.pipeline.convert.document.placed_items import GridCell
from docmill.pipeline.convert.layout.overlay import COLOURS
from docmill.pipeline.convert.types import Box, Cluster
from docmill.pipeline.corpus.report import in_words
from docmill.pipeline.corpus.view.blocks import Block, Fate, Source
from docmill.pipeline.corpus.view.makers import Maker
from docmill.pipeline.corpus.view.shares import PageShare
from docmill.pipeline.corpus.view.views import DocumentView, PageView

__all__ = ["MILLIONTH", "Figures", "ShownBlock", "ShownPage", "milliseconds", "money", "shown_page"]

#: What is shown of one page at most, so that no page makes a browser slow: blocks, characters, cells.
_MOST_BLOCKS = 2_000
_MOST_CHARACTERS = 20_000
_MOST_CELLS = 3_000

#: What tables count money in: a page costs so little.
MILLIONTH = 1e-6

_FATES: Mapping[Fate, tuple[str, str]] = {
    "body": ("in the document", ""),
    "furniture": (
        "dropped: furniture",
        "page headers and footers are in the JSON alone, in neither Markdown, HTML nor chunks",
    ),
    "in_picture": ("inside a picture", "Markdown and HTML have the picture, and not its labels as text"),
    "left_out": ("left out", "the layout stage found it, and the document has nothing with this box"),
    "no_document": ("no document", "the document was not made: this is what the layout stage found"),
}


#: How text is set, where its label says it.
_KINDS: Mapping[str, str] = MappingProxyType(
    {"list_item": "item", "code": "lines", "picture": "picture", "table": "lines", "formula": "formula"}
)


@dataclass(frozen=True)
class Figures:
    """What something took: milliseconds, and millionths of the currency; empty where there are none."""

    name: str
    cpu: str
    device: str
    cost: str
    by: str = ""


@dataclass(frozen=True)
class ShownBlock:
    """A block: `kind` is how its text is set, `colour` a class of the stylesheet, `facts` its card."""

    id: str
    number: int
    kind: str
    level: int
    label: str
    colour: str
    fate: Fate
    fate_name: str
    fate_why: str
    marker: str
    text: str
    more: str
    rows: Sequence[Sequence[GridCell]]
    box: Box
    facts: Mapping[str, str]
    found_by: str
    figures: Sequence[Figures]
    total: Figures
    inside: bool


@dataclass(frozen=True)
class ShownPage:
    """A page; `boxes` are its blocks from the largest to the smallest, so that each can be pointed at."""

    number: int
    width: float
    height: float
    size: float
    blocks: Sequence[ShownBlock]
    boxes: Sequence[ShownBlock]
    detections: Sequence[tuple[Box, str, str]]
    path: str
    notes: Sequence[str]
    stages: Sequence[tuple[PageShare, str, str, Figures]]
    seconds: str
    unshared: Figures
    total: Figures


def milliseconds(seconds: float) -> str:
    """In milliseconds, to three figures."""
    spent = seconds * 1000
    return f"{spent:,.0f}" if spent >= 100 else f"{spent:.3g}"


def money(cost: float | None, unit: float = 1.0) -> str:
    """To three figures, without an exponent; empty where there are no prices."""
    return "" if cost is None else format(Decimal(f"{cost / unit:.3g}"), "f")


def colour_of(label: str) -> str:
    """The class of a label's colour; labels come from files."""
    return f"l-{label}" if label in COLOURS else "l-other"


class _Accounts:
    """What parts of a page took, in words."""

    def __init__(self, shares: Sequence[PageShare]) -> None:
        self._shares = shares
        self._devices = any(share.device_seconds for share in shares)

    def of(self, name: str, parts: Sequence[float], by: str = "") -> Figures:
        """So much of each stage's figures, together."""
        shared = list(zip(self._shares, parts, strict=True))
        costs = [share.cost * part for share, part in shared if share.cost is not None]
        return Figures(
            name,
            milliseconds(sum(share.cpu_seconds * part for share, part in shared)),
            milliseconds(sum(share.device * part for share, part in shared)) if self._devices else "",
            money(sum(costs), MILLIONTH) if costs else "",
            by,
        )

    def whole(self, name: str) -> Figures:
        """The page."""
        return self.of(name, [1.0 for _ in self._shares])

    def stage(self, of: PageShare, part: float = 1.0, by: str = "") -> Figures:
        """One stage, or a part of it."""
        return self.of(of.stage, [part if share is of else 0.0 for share in self._shares], by)

    def block(self, index: int) -> tuple[list[Figures], Figures]:
        """A block's by stage, and together."""
        parts = [share.weights[index] for share in self._shares]
        stages = [
            self.stage(share, part, share.region_by)
            for share, part in zip(self._shares, parts, strict=True)
            if part > 0
        ]
        return stages, self.of("together", parts)


def shown_page(view: DocumentView, page: PageView) -> ShownPage:
    """The page in words."""
    accounts = _Accounts(page.stages)
    blocks = [_block(view, page, number, accounts) for number in range(min(len(page.blocks), _MOST_BLOCKS))]
    timed = [share.seconds for share in page.stages if share.seconds is not None]
    return ShownPage(
        number=page.number,
        width=page.width,
        height=page.height,
        size=max(page.width, page.height) / 90,
        blocks=blocks,
        boxes=sorted(blocks, key=lambda each: -each.box.area),
        detections=[(each.box, colour_of(each.label), _seen(each)) for each in page.detections],
        path=" ".join(_centre(each.box) for each in blocks if each.fate == "body" and not each.inside),
        notes=list(_notes(page)),
        stages=[
            (
                share,
                str(view.maker(share.stage)),
                "–" if share.seconds is None else milliseconds(share.seconds),
                accounts.stage(share),
            )
            for share in page.stages
        ],
        seconds=milliseconds(sum(timed)) if timed else "",
        unshared=accounts.of("not by region", [1.0 - sum(share.weights) for share in page.stages]),
        total=accounts.whole("the page"),
    )


def _block(view: DocumentView, page: PageView, index: int, accounts: _Accounts) -> ShownBlock:
    block = page.blocks[index]
    item = block.item
    fate_name, fate_why = _FATES[block.fate]
    cells = item.cells if item else ()
    left = (
        _over(len(block.text), _MOST_CHARACTERS, "characters"),
        _over(len(cells), _MOST_CELLS, "cells"),
    )
    figures, total = accounts.block(index)
    return ShownBlock(
        id=f"b{page.number}-{index + 1}",
        number=index + 1,
        kind=_kind(block),
        level=item.level if item else 0,
        label=in_words(block.label),
        colour=colour_of(block.label),
        fate=block.fate,
        fate_name=fate_name,
        fate_why=fate_why,
        marker=item.marker if item else "",
        text=block.text[:_MOST_CHARACTERS],
        more=", ".join(part for part in left if part),
        rows=list(_rows(cells[:_MOST_CELLS])),
        box=block.box,
        facts={name: said for name, said in _facts(view, page, block) if said},
        found_by=block.region.source if block.region else page.understood_by or "–",
        figures=figures,
        total=total,
        inside=block.inside,
    )


def _over(count: int, most: int, what: str) -> str:
    return f"{count - most:,} more {what}" if count > most else ""


def _kind(block: Block) -> str:
    if block.item and block.item.level:
        return "heading"
    if block.item and block.item.cells:
        return "table"
    return _KINDS.get(block.label, "lines" if block.item is None else "text")


def _rows(cells: Sequence[GridCell]) -> Iterator[list[GridCell]]:
    """The cells by the row that they begin in; rows in which none begins are there too, for those above."""
    ordered = sorted(cells, key=lambda cell: (cell.row, cell.col))
    last = -1
    for row, found in groupby(ordered, key=lambda cell: cell.row):
        for _ in range(last + 1, min(row, last + 1 + _MOST_CELLS)):
            yield []
        yield list(found)
        last = row


def _facts(view: DocumentView, page: PageView, block: Block) -> Iterator[tuple[str, str]]:
    item, region = block.item, block.region
    made = f", which layout called {in_words(region.label)}" if region and region.label != block.label else ""
    yield "label", f"{in_words(block.label)}{f' {item.level}' if item and item.level > 1 else ''}{made}"
    if region:
        yield "found by", _found_by(region, view.maker("layout"))
        yield "score", f"{region.score:.2f}"
        if block.seen:
            yield "detector saw", _seen(block.seen)
    elif page.understood_by:
        yield "found by", f"{page.understood_by}, {view.maker('understanding').where}"
    else:
        yield "found by", "no region of the layout stage has this box"
    yield "box", _box(block.box, page)
    yield "text from", _text_from(block.source, page.understood_by)
    if block.source.ocr_lines and not page.understood_by:
        yield "OCR by", str(view.maker("ocr"))
    if table := block.table:
        by = f"by {table.method}, " if table.method else ""
        yield "table", f"{table.num_rows} rows, {table.num_cols} columns, {by}score {table.score:.2f}"
        yield "tables by", str(view.maker("tables"))
    if item:
        part = f", part {item.part} of {item.parts}" if item.parts > 1 else ""
        yield "item", f"{item.ref}{part}"
        yield "link", item.link
        yield "formula", "the page's symbols: no model has read its notation" if item.as_drawn else ""


def _found_by(region: Cluster, layout: Maker) -> str:
    if region.source == "model":
        return str(layout)
    if region.source == "overprint":
        return "text that lies on other text"
    return f"the page's {region.source}, together with {layout}"


def _seen(region: Cluster) -> str:
    return f"{in_words(region.label)} {region.score:.2f}"


def _box(box: Box, page: PageView) -> str:
    share = box.area / (page.width * page.height) if page.width * page.height else 0.0
    where = f"({box.l:.0f}, {box.t:.0f}) to ({box.r:.0f}, {box.b:.0f}) points"
    return f"{where}, {share:.1%} of the page"


def _text_from(source: Source, understood_by: str) -> str:
    if understood_by:
        return f"the answer of {understood_by}"
    parts = []
    if source.layer_lines:
        parts.append(f"the text layer, {_lines(source.layer_lines)}")
    if source.ocr_lines:
        sure = f"confidence {source.mean:.2f}, lowest {source.lowest:.2f}"
        parts.append(f"OCR, {_lines(source.ocr_lines)}, {sure}")
    return " and ".join(parts)


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _notes(page: PageView) -> Iterator[str]:
    for issue in page.issues:
        yield f"{issue.stage}: {issue.reason}: {issue.message}"
    if page.understood_by:
        yield f"The answer of {page.understood_by} makes this page: what the layout stage found is not used."
    for why, count in page.left_out.items():
        yield f"{count} letters and digits of the text layer are left out: {in_words(why)}"
    if more := _over(len(page.blocks), _MOST_BLOCKS, "blocks"):
        yield f"{more} are not shown"


def _centre(box: Box) -> str:
    return f"{(box.l + box.r) / 2:.1f},{(box.t + box.b) / 2:.1f}"
