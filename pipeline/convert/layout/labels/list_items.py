"""List items: blocks that start with a bullet or an enumerator, and bibliography entries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import is_bullet

__all__ = ["is_list_item", "reference_entries"]

_LEAST_ENTRIES = 3
_YEAR = re.compile(r"\b(?:1[6-9]|20)\d\d[a-z]?\b")
_INITIAL = re.compile(r"[A-Z]\.")
#: A contract's clause number. Headings have such numbers too, but no full stop.
_CLAUSE = re.compile(r"\d{1,2}(?:\.\d{1,2}){1,4}")


def is_list_item(block: Block, vote: Mapping[str, float]) -> bool:
    """True for an item of a list; a name's initial needs more than a space after it to be an enumerator."""
    first = block.rows[0]
    if not first.marker:
        if _CLAUSE.fullmatch(first.first) is not None and first.set_off:
            return _hanging(block) or (len(block.rows) == 1 and block.text.endswith((".", ";")))
        return _hanging(block) and vote.get("reference", 0.0) > 0.4
    if is_bullet(first.first, first.first_font):
        return True
    if _runs_in(block):
        return False
    if _INITIAL.fullmatch(first.first):
        return first.set_off
    return True


def _runs_in(block: Block) -> bool:
    """True for a paragraph that begins with a numbered heading in italic or bold type: `1) Data: We took`.

    Its first line is indented; an item's hangs.
    """
    first = block.rows[0]
    styled = first.starts != first.ends or first.italic or first.bold
    return len(block.rows) > 1 and styled and first.start > block.rows[1].start + 0.7 * first.size


def reference_entries(blocks: Sequence[Block]) -> set[int]:
    """The blocks that are a bibliography without numbers: hanging entries with years, several of them."""
    found = {
        number
        for number, block in enumerate(blocks)
        if not block.rows[0].marker and _hanging(block) and _YEAR.search(block.text)
    }
    return found if len(found) >= _LEAST_ENTRIES else set()


def _hanging(block: Block) -> bool:
    rows = block.rows
    return len(rows) > 1 and all(row.start > rows[0].start + 0.6 * row.size for row in rows[1:])
