"""Headings F1: are the same texts titles or section headers?

A title or section header of the truth and one of the prediction match when their texts (NFKC, white space
collapsed) are at least 85 % alike: rapidfuzz's ratio, 100 * (1 - insertions and deletions / both lengths).
Matching is one to one, with as many pairs as possible. Levels, order and place on the page do not matter.
Headings inside pictures and those without text are left out on both sides.
"""

from __future__ import annotations

import numpy as np
from docling_core.types.doc import DoclingDocument
from docling_core.types.doc.labels import DocItemLabel
from rapidfuzz import fuzz, process

from benchmarks.metrics.counts import Counts
from benchmarks.metrics.items import inside_picture, normalised
from benchmarks.metrics.matching import match_most

__all__ = ["LIKENESS", "compare_headings", "heading_texts"]

LIKENESS = 85.0
_HEADINGS = {DocItemLabel.TITLE, DocItemLabel.SECTION_HEADER}


def heading_texts(document: DoclingDocument) -> list[str]:
    """Normalised texts of titles and section headers."""
    texts = (
        normalised(item.text)
        for item in document.texts
        if item.label in _HEADINGS and not inside_picture(document, item)
    )
    return [text for text in texts if text]


def compare_headings(truth: list[str], predicted: list[str]) -> Counts:
    """Count the headings that have a partner."""
    if not truth or not predicted:
        return Counts(0, len(truth), len(predicted))
    likeness = process.cdist(truth, predicted, scorer=fuzz.ratio, score_cutoff=LIKENESS, dtype=np.float64)
    rows, columns = np.nonzero(likeness >= LIKENESS)
    edges = zip(rows.tolist(), columns.tolist(), likeness[rows, columns].tolist(), strict=True)
    hit = len(match_most(edges))
    return Counts(hit, len(truth) - hit, len(predicted) - hit)
