"""What stands between a document's title and its text: authors, affiliations, dates, tag lines."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import SECTION_NUMBER
from docmill.pipeline.convert.types import Box

__all__ = ["front_matter"]

_SMALLER = 0.8  # of the title's size: the most that what is under it may have
_LEAST_PROSE = 3  # rows of a paragraph, with which the text begins


def front_matter(blocks: Sequence[Block], labels: Sequence[str]) -> list[int]:
    """The blocks of a first page that look like headings and are none, for they belong to its title.

    The title is the biggest heading, in the page's upper part. Under it, up to the first paragraph, bold
    or numbered heading, everything plain and clearly smaller names persons, places and dates.
    """
    heads = [number for number, label in enumerate(labels) if label == "section_header"]
    if not heads:
        return []
    title = max(heads, key=lambda number: (blocks[number].size, -blocks[number].box.t))
    size, bottom = blocks[title].size, blocks[title].box.b
    found: list[int] = []
    begun: Block | None = None
    last = blocks[title]
    for number in sorted(range(len(blocks)), key=lambda number: blocks[number].box.t):
        block = blocks[number]
        if block.box.t < bottom or labels[number] in {"page_header", "page_footer"}:
            continue
        if labels[number] != "section_header":
            if len(block.rows) >= _LEAST_PROSE and block.chars > 60:
                begun = block
                break
            continue
        if block.all("bold") or block.size > _SMALLER * size:
            break
        if SECTION_NUMBER.match(block.text) and not _centred(block.box, blocks[title].box):
            break
        found.append(number)
        last = block
    if (
        found
        and begun is not None
        and abs(begun.box.l - last.box.l) < 4
        and not _centred(last.box, blocks[title].box)
    ):
        found.pop()  # it stands right over the first paragraph, at its edge
    return found


def _centred(box: Box, title: Box) -> bool:
    """True for a block on the title's centre line, but not at its left edge."""
    return abs(box.l + box.r - title.l - title.r) < 8 and abs(box.l - title.l) > 8
