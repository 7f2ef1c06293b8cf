"""Program listings: blocks of monospaced or code-like rows, joined across their blank lines."""

from __future__ import annotations

import re
from collections.abc import Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import DASHES, is_bullet

__all__ = ["is_code", "joined_code"]

_ADDRESS = re.compile(r"(?<!\S)\S[^\s@]*@\S+\.\w|(?:https?://|www\.)\S+", re.IGNORECASE)


def is_code(block: Block) -> bool:
    """True when most rows are code; one row must be long enough to be more than a word in passing."""
    rows = block.rows
    first = rows[0]
    bullet = first.marker and is_bullet(first.first, first.first_font)
    if bullet and (first.first not in DASHES or first.own_bullet):
        return False
    code = sum(row.code for row in rows)
    if not rows[0].code and any(row.mono for row in rows):
        return code > 0.8 * len(rows)  # rather a paragraph with much code in it
    if len(rows) == 1:
        return rows[0].mono and rows[0].code and rows[0].chars > 10 and _ADDRESS.search(block.text) is None
    return code > 0.6 * len(rows) and block.chars > 10


def joined_code(blocks: Sequence[Block], labels: Sequence[str]) -> tuple[list[Block], list[str]]:
    """Code blocks that follow each other in one column, with nothing between, as one listing."""
    order = sorted(range(len(blocks)), key=lambda number: blocks[number].box.t)
    kept: list[Block] = []
    names: list[str] = []
    for number in order:
        block, label = blocks[number], labels[number]
        for position in range(len(kept) - 1, max(-1, len(kept) - 9), -1):
            if names[position] == "code" and _same_listing(kept[position], block, label):
                kept[position] = Block.of((*kept[position].rows, *block.rows))
                break
            if label == "code" and names[position] == "text" and _is_brace(kept[position], block):
                kept[position], names[position] = Block.of((*kept[position].rows, *block.rows)), "code"
                break
            if label == "code" and names[position] == "text" and _begins(kept[position], block):
                kept[position], names[position] = Block.of((*kept[position].rows, *block.rows)), "code"
                while (
                    position and names[position - 1] == "text" and _begins(kept[position - 1], kept[position])
                ):
                    kept[position - 1] = Block.of((*kept[position - 1].rows, *kept[position].rows))
                    names[position - 1] = "code"
                    del kept[position], names[position]
                    position -= 1
                break
            across = min(kept[position].box.r, block.box.r) - max(kept[position].box.l, block.box.l)
            if across > 0:
                kept.append(block)
                names.append(label)
                break
        else:
            kept.append(block)
            names.append(label)
    return kept, names


def _is_brace(block: Block, listing: Block) -> bool:
    """True for a bracket on a line of its own right before or after an indented listing."""
    em = listing.size
    gap = max(block.box.t - listing.box.b, listing.box.t - block.box.b)
    return block.text.strip("{}()[];,") == "" and gap < 1.2 * em and 0 <= listing.box.l - block.box.l < 6 * em


def _begins(block: Block, listing: Block) -> bool:
    """True for short lines of code right over a listing, at its left edge."""
    em = listing.size
    return (
        all(row.mono and row.code for row in block.rows)
        and abs(block.size - em) < 0.5
        and abs(block.box.l - listing.box.l) < 2
        and -0.5 * em < listing.box.t - block.box.b < 1.2 * em
    )


def _same_listing(listing: Block, block: Block, label: str) -> bool:
    em = listing.size
    across = min(listing.box.r, block.box.r) - max(listing.box.l, block.box.l)
    gap = block.box.t - listing.box.b
    if label == "code":
        return across > -2 * em and gap < 2.2 * em
    if label == "text" and _is_brace(block, listing):
        return True
    tail = block.chars <= 3 or all(row.code for row in block.rows)
    return label == "text" and tail and across > 0 and gap < 1.2 * em
