"""Text similarity: is the running text the same, in the same order?

Both documents are exported to Markdown by the same docling-core, and the Markdown's marks are taken off:
heading signs, bullets, emphasis, code fences, formula signs, table pipes and rules, links (their text stays),
image placeholders and other HTML comments. Entities are decoded, the text is NFKC and every run of white
space one space. List numbers stay: they are text.

- similarity: 1 - Levenshtein distance / length of the longer text, over characters; empty texts are alike.
- words: F1 of the multisets of words (what white space separates), which does not care about order.
"""

from __future__ import annotations

import html
import re

from docling_core.types.doc import DoclingDocument
from rapidfuzz.distance import Levenshtein

from benchmarks.metrics.counts import Counts, bag_counts
from benchmarks.metrics.items import normalised

__all__ = ["plain_text", "similarity", "strip_markdown", "words"]

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)\w*[ \t]*$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.*)\|[ \t]*$", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}|[-*+]|>)[ \t]+(?:\[[ xX]\][ \t]+)?", re.MULTILINE)
_EMPHASIS = re.compile(r"(\*{1,3}|~~|`)(?=\S)(.+?)(?<=\S)\1")
_FORMULA = re.compile(r"\$\$(.*?)\$\$", re.DOTALL)


def plain_text(document: DoclingDocument) -> str:
    """The text of a document's Markdown, without the Markdown."""
    return strip_markdown(
        document.export_to_markdown(
            image_placeholder="",
            escape_html=False,
            escape_underscores=False,
            compact_tables=True,
            include_picture_classification=False,
        )
    )


def strip_markdown(markdown: str) -> str:
    """Take the marks off, as said above."""
    text = _COMMENT.sub(" ", markdown)
    text = _FENCE.sub("", text)
    text = _TABLE_RULE.sub("", text)
    text = _TABLE_ROW.sub(lambda row: row.group(1).replace("|", " "), text)
    text = _LINE_MARK.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = _EMPHASIS.sub(r"\2", text)
    text = _FORMULA.sub(r"\1", text)
    return normalised(html.unescape(text))


def similarity(truth: str, predicted: str) -> float:
    """Normalised edit similarity of two plain texts, 0 to 1."""
    return Levenshtein.normalized_similarity(truth, predicted)


def words(truth: str, predicted: str) -> Counts:
    """Word bags of two plain texts."""
    return bag_counts(truth.split(), predicted.split())
