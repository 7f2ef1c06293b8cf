"""Layout F1: are the boxes where docling has them, and of the same class?

Items are all provenance boxes of texts, tables, pictures, key-value and form items in both content layers.
Truth and predictions of one page are matched one to one, with as many pairs as possible, where the
intersection over union reaches the threshold (0.5 and 0.75). A matched pair is a hit, an unmatched truth is
missed, an unmatched prediction is false; F1 = 2 hit / (2 hit + missed + false), with the counts summed over
pages (micro).

- boxes: classes do not matter.
- a class: only truth and predictions of that (coarse) class, see `items.coarse_class`.
- labelled: the sum over the classes, so a box of the wrong class is one missed and one false.

Text inside a picture (its descendants but captions, footnotes and references) is not judged, because docling
itself keeps it only as a by-product: as truth it is not missed, and an unmatched prediction with at least
half of its area on such text is not false. Predicted text inside a predicted picture is left out likewise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt
from docling_core.types.doc import DoclingDocument

from benchmarks.metrics.counts import Counts
from benchmarks.metrics.items import PlacedItem, placed_items
from benchmarks.metrics.matching import match_most
from docmill.pipeline.convert.types import Box

__all__ = ["THRESHOLDS", "LayoutCounts", "add_layouts", "compare_layout"]

#: name in reports -> least intersection over union
THRESHOLDS = {"50": 0.5, "75": 0.75}
_IGNORED_SHARE = 0.5
_ROUNDING = 1e-9

Array = npt.NDArray[np.float64]


class LayoutCounts(msgspec.Struct, frozen=True):
    """Counts by threshold name; and by class, then threshold name."""

    boxes: dict[str, Counts]
    classes: dict[str, dict[str, Counts]]

    def labelled(self, threshold: str) -> Counts:
        """Counts of boxes that must have the right class too."""
        return sum((counts[threshold] for counts in self.classes.values()), Counts())


def compare_layout(truth: DoclingDocument, predicted: DoclingDocument) -> dict[int, LayoutCounts]:
    """Counts of every page that either document has or has items on."""
    expected, found = _by_page(truth), _by_page(predicted)
    pages = sorted({*truth.pages, *predicted.pages, *expected, *found})
    return {page: _compare_page(expected.get(page, []), found.get(page, [])) for page in pages}


def add_layouts(layouts: Sequence[LayoutCounts]) -> LayoutCounts:
    """The sum: of pages to a document, of documents to a total."""
    boxes = {name: sum((layout.boxes[name] for layout in layouts), Counts()) for name in THRESHOLDS}
    none = dict.fromkeys(THRESHOLDS, Counts())
    classes = {
        label: {
            name: sum((layout.classes.get(label, none)[name] for layout in layouts), Counts())
            for name in THRESHOLDS
        }
        for label in sorted({label for layout in layouts for label in layout.classes})
    }
    return LayoutCounts(boxes, classes)


def _by_page(document: DoclingDocument) -> dict[int, list[PlacedItem]]:
    pages: defaultdict[int, list[PlacedItem]] = defaultdict(list)
    for item in placed_items(document):
        pages[item.page].append(item)
    return pages


def _compare_page(truth: Sequence[PlacedItem], predicted: Sequence[PlacedItem]) -> LayoutCounts:
    expected = [item for item in truth if not item.in_picture]
    found = [item for item in predicted if not item.in_picture]
    ious = _ious(_boxes(expected), _boxes(found))
    excused = _on_ignored(_boxes(found), _boxes([item for item in truth if item.in_picture]))
    expected_labels = np.array([item.label for item in expected], dtype=object)
    found_labels = np.array([item.label for item in found], dtype=object)
    everything = _count(ious, excused)
    classes = {}
    for label in sorted({*expected_labels, *found_labels}):
        rows, columns = expected_labels == label, found_labels == label
        classes[label] = _count(ious[np.ix_(rows, columns)], excused[columns])
    return LayoutCounts(everything, classes)


def _boxes(items: Sequence[PlacedItem]) -> Array:
    """[N, 4] left, top, right, bottom."""
    return np.array([_ltrb(item.box) for item in items], dtype=np.float64).reshape(-1, 4)


def _ltrb(box: Box) -> tuple[float, float, float, float]:
    return (box.l, box.t, box.r, box.b)


def _areas(boxes: Array) -> Array:
    areas: Array = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return areas


def _intersections(first: Array, second: Array) -> Array:
    """[N, 4] x [M, 4] -> shared areas [N, M]."""
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared: Array = np.prod(np.clip(high - low, 0.0, None), axis=2)
    return shared


def _ious(first: Array, second: Array) -> Array:
    """[N, 4] x [M, 4] -> intersection over union [N, M]; 0 for two degenerate boxes."""
    shared = _intersections(first, second)
    union = _areas(first)[:, None] + _areas(second)[None, :] - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _on_ignored(predicted: Array, ignored: Array) -> npt.NDArray[np.bool_]:
    """[N] whether at least half of a predicted box lies on ignored boxes (which hardly overlap)."""
    covered = _intersections(predicted, ignored).sum(axis=1)
    areas = _areas(predicted)
    excused: npt.NDArray[np.bool_] = (areas > 0) & (covered >= _IGNORED_SHARE * areas)
    return excused


def _count(ious: Array, excused: npt.NDArray[np.bool_]) -> dict[str, Counts]:
    counts = {}
    for name, threshold in THRESHOLDS.items():
        rows, columns = np.nonzero(ious >= threshold - _ROUNDING)
        edges = zip(rows.tolist(), columns.tolist(), ious[rows, columns].tolist(), strict=True)
        matched = match_most(edges)
        unmatched = np.ones(len(excused), dtype=bool)
        unmatched[list(matched.values())] = False
        false = int((unmatched & ~excused).sum())
        counts[name] = Counts(len(matched), ious.shape[0] - len(matched), false)
    return counts
