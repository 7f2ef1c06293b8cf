"""What stands between a document's title and its text: authors, affiliations, dates, tag lines."""

from __future__ import annotations

from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import SECTION_NUMBER
from docmill.pipeline.convert.layout.labels.front_matter.author_lines import author_lines, is_prose
from docmill.pipeline.convert.layout.labels.headings import is_usual
from docmill.pipeline.convert.types import Box

__all__ = ["front_matter"]

_AS_BIG = 0.75  # of the biggest heading's size: sections of a short text may outdo its title
_SMALLER = 0.8  # of the title's size: the most that what is under it may have


def front_matter(blocks: Sequence[Block], labels: Sequence[str]) -> set[int]:
    """The blocks of a first page that look like headings and are none, for they belong to its title.

    The title is the biggest heading, or one above it that is nearly as big. Under it, up to the first
    paragraph, bold, numbered or usual heading, everything plain and clearly smaller names persons, places and
    dates; what is set otherwise does so when it reads as authors do.
    """
    heads = [number for number, label in enumerate(labels) if label == "section_header"]
    if not heads:
        return set()
    biggest = max(blocks[number].size for number in heads)
    title = min(
        (blocks[number] for number in heads if blocks[number].size >= _AS_BIG * biggest),
        key=lambda block: block.box.t,
    )
    under = [
        number
        for number in sorted(range(len(blocks)), key=lambda number: blocks[number].box.t)
        if blocks[number].box.t >= title.box.b and labels[number] not in {"page_header", "page_footer"}
    ]
    plain = _plain_lines(blocks, labels, under, title)
    return {*plain, *author_lines(blocks, labels, under)}


def _plain_lines(
    blocks: Sequence[Block], labels: Sequence[str], under: Sequence[int], title: Block
) -> list[int]:
    """The headings right under a title that are plain and clearly smaller."""
    found: list[int] = []
    begun: Block | None = None
    last = title
    for number in under:
        block = blocks[number]
        if labels[number] != "section_header":
            if is_prose(block):
                begun = block
                break
            continue
        if block.all("bold") or block.size > _SMALLER * title.size or is_usual(block.text):
            break
        if SECTION_NUMBER.match(block.text) and not _centred(block.box, title.box):
            break
        found.append(number)
        last = block
    if (
        found
        and begun is not None
        and abs(begun.box.l - last.box.l) < 4
        and not _centred(last.box, title.box)
    ):
        found.pop()  # it stands right over the first paragraph, at its edge
    return found


def _centred(box: Box, title: Box) -> bool:
    """True for a block on the title's centre line, but not at its left edge."""
    return abs(box.l + box.r - title.l - title.r) < 8 and abs(box.l - title.l) > 8
