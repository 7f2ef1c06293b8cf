"""How much of docling's document is in docmill's.

Items are compared in the order of both documents, in all content layers, those inside pictures included. An
expected item is found when there is one with the same label on the same page whose first box overlaps its
own with IoU > 0.5, one to one, best first; items without a place take no part in that. Texts count for
expected items that have one; an item that is not found has no exact text. Boxes, rounded to thousandths of
a point, are compared for found items. A cell that is not empty is right when one with the same position,
spans and text (white space aside) is in the table that was found for its own. The word error rate is the
edit distance of the Markdown's words, divided by how many there should be.
"""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

import msgspec
from docling_core.types.doc import ContentLayer, DocItem, DoclingDocument, TableItem
from rapidfuzz.distance import Levenshtein

from benchmarks.metrics.matching import match_best_first
from docmill.pipeline.convert.types import Box

__all__ = ["CaseScore", "Difference", "Share", "compare"]

_SAME_PLACE = 0.5
_LAYERS = {ContentLayer.BODY, ContentLayer.FURNITURE}
#: Boxes are told apart from here on, in points.
_NOTABLE_PT = 0.01


class Share(msgspec.Struct, frozen=True):
    """So many of so many."""

    hit: int = 0
    of: int = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.hit + other.hit, self.of + other.of)

    @property
    def value(self) -> float:
        """The fraction; 1 of nothing."""
        return self.hit / self.of if self.of else 1.0


class Difference(msgspec.Struct, frozen=True):
    """One thing that is not as docling has it."""

    what: str  # item, text, box, extra, shape or cell
    page: int
    label: str
    expected: str
    made: str


class CaseScore(msgspec.Struct, frozen=True, kw_only=True):
    """The comparison of one case; made of nothing when there is no document."""

    items: Share
    extra_items: int
    labels: float  # likeness of the sequences of labels, 0 to 1
    labels_equal: bool
    texts: Share
    texts_but_spaces: Share  # the same, white space aside
    box_pt: float
    shapes: Share
    cells: Share
    extra_cells: int
    markdown_edits: int
    markdown_words: int
    rtl: bool
    differences: list[Difference]

    @property
    def markdown_wer(self) -> float:
        """Word error rate of the Markdown."""
        return self.markdown_edits / max(1, self.markdown_words)


class _Item(msgspec.Struct, frozen=True):
    """An item with its label, text and places."""

    item: DocItem
    label: str
    text: str
    places: list[tuple[int, Box]]

    @property
    def page(self) -> int:
        return self.places[0][0] if self.places else 0


def compare(expected: DoclingDocument, made: DoclingDocument) -> CaseScore:
    """Compare a document with docling's."""
    truth, ours = list(_items(expected)), list(_items(made))
    labels, own_labels = [item.label for item in truth], [item.label for item in ours]
    found = match_best_first(_edges(truth, ours))
    placed = [index for index, item in enumerate(truth) if item.places]
    texts = [index for index in placed if truth[index].text]
    exact = [index for index in texts if index in found and truth[index].text == ours[found[index]].text]
    alike = [i for i in texts if i in found and _bare(truth[i].text) == _bare(ours[found[i]].text)]
    gaps = {index: _gap(truth[index], ours[other]) for index, other in found.items()}
    tables = [_compare_tables(truth[i], ours[found[i]] if i in found else None) for i in placed]
    words, own_words = expected.export_to_markdown().split(), made.export_to_markdown().split()
    return CaseScore(
        items=Share(len(found), len(placed)),
        extra_items=sum(bool(item.places) for item in ours) - len(found),
        labels=1.0 if labels == own_labels else _likeness(labels, own_labels),
        labels_equal=labels == own_labels,
        texts=Share(len(exact), len(texts)),
        texts_but_spaces=Share(len(alike), len(texts)),
        box_pt=max(gaps.values(), default=0.0),
        shapes=sum((table[0] for table in tables), Share()),
        cells=sum((table[1] for table in tables), Share()),
        extra_cells=sum(table[2] for table in tables),
        markdown_edits=Levenshtein.distance(own_words, words),
        markdown_words=len(words),
        rtl=_is_rtl(item.text for item in truth),
        differences=[
            *_missing(truth, ours, found, placed),
            *_wrong_texts(truth, ours, found, sorted(set(texts) - set(exact))),
            *_wrong_boxes(truth, ours, found, gaps),
            *(difference for table in tables for difference in table[3]),
        ],
    )


def _items(document: DoclingDocument) -> Iterator[_Item]:
    for item, _ in document.iterate_items(
        with_groups=False, included_content_layers=_LAYERS, traverse_pictures=True
    ):
        if isinstance(item, DocItem):
            places = []
            for prov in item.prov:
                page = document.pages.get(prov.page_no)
                bbox = prov.bbox.to_top_left_origin(page.size.height) if page else prov.bbox
                places.append((prov.page_no, Box(*bbox.as_tuple())))
            yield _Item(item, item.label.value, getattr(item, "text", "") or "", places)


def _edges(truth: Sequence[_Item], ours: Sequence[_Item]) -> Iterator[tuple[int, int, float]]:
    by_kind: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for index, item in enumerate(ours):
        if item.places:
            by_kind[item.label, item.page].append(index)
    for index, item in enumerate(truth):
        if item.places:
            for other in by_kind[item.label, item.page]:
                overlap = item.places[0][1].iou(ours[other].places[0][1])
                if overlap > _SAME_PLACE:
                    yield index, other, overlap


def _gap(one: _Item, other: _Item) -> float:
    """The largest difference of two sides of their boxes, in points; boxes that only one has do not count."""
    pairs = zip(one.places, other.places, strict=False)
    sides = [(_sides(box), _sides(own)) for (page, box), (own_page, own) in pairs if page == own_page]
    return round(max(abs(a - b) for box, own in sides for a, b in zip(box, own, strict=True)), 3)


def _sides(box: Box) -> tuple[float, float, float, float]:
    return box.l, box.t, box.r, box.b


def _compare_tables(truth: _Item, ours: _Item | None) -> tuple[Share, Share, int, list[Difference]]:
    """Shape, cells, cells too many, and what differs; nothing for what is no table."""
    if not isinstance(truth.item, TableItem):
        return Share(), Share(), 0, []
    data = truth.item.data
    wanted = _cells(truth.item)
    if ours is None or not isinstance(ours.item, TableItem):
        return Share(0, 1), Share(0, wanted.total()), 0, []
    own = ours.item.data
    present = _cells(ours.item)
    hits = wanted & present
    differences = []
    if (data.num_rows, data.num_cols) != (own.num_rows, own.num_cols):
        shapes = f"{data.num_rows} x {data.num_cols}", f"{own.num_rows} x {own.num_cols}"
        differences.append(Difference("shape", truth.page, truth.label, *shapes))
    by_place = {cell[:2]: cell for cell in present}
    for cell in wanted - hits:
        made = by_place.get(cell[:2])
        differences.append(Difference("cell", truth.page, truth.label, _said(cell), _said(made)))
    same = Share(int((data.num_rows, data.num_cols) == (own.num_rows, own.num_cols)), 1)
    cells = Share(hits.total(), wanted.total())
    return same, cells, present.total() - hits.total(), differences


_Cell = tuple[int, int, int, int, str]


def _cells(table: TableItem) -> Counter[_Cell]:
    """The cells that say something: an empty one is the same as none, which is how docling has it."""
    return Counter(
        (
            cell.start_row_offset_idx,
            cell.start_col_offset_idx,
            cell.row_span,
            cell.col_span,
            " ".join(cell.text.split()),
        )
        for cell in table.data.table_cells
        if cell.text.strip() or cell.row_span > 1 or cell.col_span > 1
    )


def _said(cell: _Cell | None) -> str:
    if cell is None:
        return ""
    row, col, row_span, col_span, text = cell
    spans = f" over {row_span} x {col_span}" if row_span > 1 or col_span > 1 else ""
    return f"[{row}, {col}]{spans} {text}"


def _bare(text: str) -> str:
    return "".join(text.split())


def _likeness(one: Sequence[str], other: Sequence[str]) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _is_rtl(texts: Iterator[str]) -> bool:
    """Whether most letters are of a right-to-left script."""
    counts: Counter[bool] = Counter()
    for text in texts:
        for char in text:
            if char.isalpha():
                counts[unicodedata.bidirectional(char) in ("R", "AL")] += 1
    return counts[True] > counts[False]


def _missing(
    truth: Sequence[_Item], ours: Sequence[_Item], found: dict[int, int], placed: Sequence[int]
) -> Iterator[Difference]:
    for index in placed:
        if index not in found:
            item = truth[index]
            yield Difference("item", item.page, item.label, item.text or _where(item), "")
    taken = set(found.values())
    for index, item in enumerate(ours):
        if index not in taken and item.places:
            yield Difference("extra", item.page, item.label, "", item.text or _where(item))


def _wrong_texts(
    truth: Sequence[_Item], ours: Sequence[_Item], found: dict[int, int], wrong: Sequence[int]
) -> Iterator[Difference]:
    for index in wrong:
        if index in found:
            item = truth[index]
            yield Difference("text", item.page, item.label, item.text, ours[found[index]].text)


def _wrong_boxes(
    truth: Sequence[_Item], ours: Sequence[_Item], found: dict[int, int], gaps: dict[int, float]
) -> Iterator[Difference]:
    for index, gap in sorted(gaps.items()):
        item, own = truth[index], ours[found[index]]
        if gap > _NOTABLE_PT or len(item.places) != len(own.places):
            yield Difference("box", item.page, item.label, _where(item), _where(own))


def _where(item: _Item) -> str:
    return ", ".join(
        f"page {page}: {' '.join(f'{side:.2f}' for side in _sides(box))}" for page, box in item.places
    )
