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
from bisect import bisect_left

from docling_core.types.doc import DoclingDocument
from rapidfuzz.distance import Levenshtein

from benchmarks.metrics.counts import Counts, bag_counts
from benchmarks.metrics.items import normalised

__all__ = ["plain_text", "similarity", "strip_markdown", "words"]

#: One that is not closed is looked at once, and stays.
_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.DOTALL)
_LINK = re.compile(r"!?\[([^\[\]]*)\]\([^()\s]*\)")
_FENCE = re.compile(r"^[ \t]*(?:```|~~~)\w*[ \t]*$", re.MULTILINE)
_TABLE_RULE = re.compile(r"^[ \t]*\|(?:[ \t]*:?-+:?[ \t]*\|)+[ \t]*$", re.MULTILINE)
_TABLE_ROW = re.compile(r"^[ \t]*\|(.*)\|[ \t]*$", re.MULTILINE)
_LINE_MARK = re.compile(r"^[ \t]*(?:#{1,6}|[-*+]|>)[ \t]+(?:\[[ xX]\][ \t]+)?", re.MULTILINE)
_MARK = re.compile(r"[*~`]")
#: Where each mark can end, the longest first.
_MARK_ENDS = {
    "***": re.compile(r"(?<=\S)(?=\*\*\*)"),
    "**": re.compile(r"(?<=\S)(?=\*\*)"),
    "*": re.compile(r"(?<=\S)(?=\*)"),
    "~~": re.compile(r"(?<=\S)(?=~~)"),
    "`": re.compile(r"(?<=\S)(?=`)"),
}
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
    text = _COMMENT.sub(lambda comment: " " if comment[1] else comment[0], markdown)
    text = _FENCE.sub("", text)
    text = _TABLE_RULE.sub("", text)
    text = _TABLE_ROW.sub(lambda row: row.group(1).replace("|", " "), text)
    text = _LINE_MARK.sub("", text)
    text = _LINK.sub(r"\1", text)
    text = "\n".join(map(_without_emphasis, text.split("\n")))
    text = _FORMULA.sub(r"\1", text)
    return normalised(html.unescape(text))


def _without_emphasis(line: str) -> str:
    """A line without the marks around its words: the longest mark first, up to where it can next end."""
    ends = {mark: [found.start() for found in end.finditer(line)] for mark, end in _MARK_ENDS.items()}
    parts, at = [], 0
    while found := _MARK.search(line, at):
        start = found.start()
        parts.append(line[at:start])
        for mark, places in ends.items():
            begin = start + len(mark)
            end = bisect_left(places, begin + 1)
            if line.startswith(mark, start) and end < len(places) and not line[begin].isspace():
                parts.append(line[begin : places[end]])
                at = places[end] + len(mark)
                break
        else:
            parts.append(line[start])
            at = start + 1
    return "".join([*parts, line[at:]])


def similarity(truth: str, predicted: str) -> float:
    """Normalised edit similarity of two plain texts, 0 to 1."""
    return Levenshtein.normalized_similarity(truth, predicted)


def words(truth: str, predicted: str) -> Counts:
    """Word bags of two plain texts."""
    return bag_counts(truth.split(), predicted.split())
