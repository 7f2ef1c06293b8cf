"""Display formulas: rows of mathematics that stand alone, with the numbers beside them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import EQUATION_NUMBER

__all__ = ["is_formula", "is_open_formula", "joined_formulas"]

_MATH = 0.3  # of the characters of what goes on beside a formula
_ALONE = 0.7  # white space above a line that is no line of a paragraph, in units of the body size
_MOST_CASES = 6  # lines after an equals sign
_VOTE = 0.8  # of a detector that sees a formula
_RELATIONS = frozenset("=<>≤≥≈≠≡∈→∼∝")
_WORD = re.compile(r"[^\W\d_]{4,}")


def is_formula(block: Block, vote: Mapping[str, float]) -> bool:
    """True for a displayed formula, by its glyphs or, for glyphs that tell little, by the detector."""
    text = block.text
    if len(text) < 3 or len(block.rows) > 6 or (block.rows[0].code and not vote.get("equation")):
        return False
    words = len(_WORD.findall(text))
    share = sum(row.math * row.chars for row in block.rows) / max(1, block.chars)
    voted = vote.get("equation", 0.0)
    if words >= 4 and words * 6 > 0.5 * len(text):
        return False
    if voted > 0.4 and share > 0.05:
        return True
    return share >= 0.3 and words <= 2 and not _RELATIONS.isdisjoint(text)


def is_open_formula(block: Block, lead: float) -> bool:
    """True for a line that is a formula if a detector sees one there: of few words, in the text's type.

    `lead` is the white space above it, in units of the body size.
    """
    relation = not _RELATIONS.isdisjoint(block.text.split())
    alone = len(block.rows) == 1 and lead >= _ALONE
    return alone and relation and not _WORD.search(block.text) and is_formula(block, {"equation": _VOTE})


def joined_formulas(blocks: Sequence[Block], labels: Sequence[str]) -> tuple[list[Block], list[str]]:
    """Formulas with the fragments and the equation number that belong to them as one block each."""
    taken: set[int] = set()
    kept: list[Block] = []
    names: list[str] = []
    order = sorted(range(len(blocks)), key=lambda number: blocks[number].box.t)
    place = {number: position for position, number in enumerate(order)}
    for number, (block, label) in enumerate(zip(blocks, labels, strict=True)):
        if label != "formula" or number in taken:
            continue
        taken.add(number)
        whole = block
        nearby = order[max(0, place[number] - 12) : place[number] + 13]
        grew = True
        while grew:
            grew = False
            for other in nearby:
                if other not in taken and _belongs(whole, blocks[other], labels[other]):
                    taken.add(other)
                    whole = Block.of((*whole.rows, *blocks[other].rows))
                    grew = True
        kept.append(whole)
        names.append("formula")
    for number, (block, label) in enumerate(zip(blocks, labels, strict=True)):
        if number not in taken:
            kept.append(block)
            names.append(label)
    return kept, names


def _belongs(formula: Block, other: Block, label: str) -> bool:
    em = formula.size
    across = min(formula.box.r, other.box.r) - max(formula.box.l, other.box.l)
    along = min(formula.box.b, other.box.b) - max(formula.box.t, other.box.t)
    if EQUATION_NUMBER.fullmatch(other.text.strip()):
        return along > 0.5 * other.box.height
    furniture = label in {"page_header", "page_footer"}
    if (furniture or label in {"formula", "text"}) and _goes_on_after_relation(formula, other):
        return True
    numerator = furniture and other.chars <= 4
    if numerator and along > 0.3 * other.box.height and formula.box.l < other.box.l < formula.box.r:
        return True  # a number over or under a bar
    limits = other.size < 0.85 * em and other.chars <= 12  # of a sum: small type under or over its sign
    if label not in {"formula", "text"} and not (limits and label in {"footnote", "list_item"}):
        return False
    fragment = label == "formula" or (other.chars <= 8 and not _WORD.search(other.text))
    math = sum(row.math * row.chars for row in other.rows) >= _MATH * other.chars
    if math and not _WORD.search(other.text) and along > 0.5 * min(formula.box.height, other.box.height):
        return across > -2 * em  # goes on beside it
    return fragment and across > -2 * em and along > (-0.7 if limits else -0.35) * em


def _goes_on_after_relation(formula: Block, other: Block) -> bool:
    """True for cases: a few lines that begin right of an equals sign at which a line of the formula ends."""
    em = formula.size
    return len(other.rows) <= _MOST_CASES and any(
        row.text.rstrip()[-1:] in _RELATIONS
        and -0.5 * em < other.box.l - row.box.r < 2 * em
        and other.box.t < row.middle < other.box.b
        for row in formula.rows
    )
