"""Section headers: size, weight, numbering, white space and the detector's vote, added up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import SECTION_NUMBER, is_bullet
from docmill.pipeline.convert.layout.style import DocumentStyle

__all__ = ["Setting", "heading_strength", "is_heading", "is_usual", "like_heading", "style_key"]

_ENOUGH = 2.0
_PEER_ENOUGH = 1.4
#: What a size of at least so many times the body's is worth.
_SIZE_POINTS = ((1.3, 3.0), (1.12, 2.0), (1.06, 1.0), (0.93, 0.0))
#: The same for recognised text, whose size is an estimate.
_OCR_POINTS = ((1.5, 3.0), (1.3, 2.0), (0.8, 0.0))
_MAX_CHARS = 180
#: Titles of sections that say by themselves what they are.
_USUAL = re.compile(
    r"(?:abstract|contents|table of contents|introduction|conclusions?|references|bibliography|appendix|"
    r"notices|preface|foreword|acknowledge?ments?|summary|index|glossary|résumé|zusammenfassung|inhalt|literatur|"
    r"摘要|目录|目次|参考文献|要旨|초록|목차|참고문헌|المراجع|الملخص|المحتويات)",
    re.IGNORECASE,
)
#: "By" and words that begin with a letter, two letters in all; each character can be read in one way only.
_BYLINE = re.compile(
    r"(?:by|von|par|por|di)\s+[A-Z](?=[\w.’', -]*[A-Z])[\w.’'-]*(?:[, ]+[A-Z][\w.’'-]*)*[, ]*$", re.IGNORECASE
)


def _possible(block: Block, style: DocumentStyle) -> bool:
    text = block.text
    if len(text) > _MAX_CHARS:
        return False
    letters = sum(map(str.isalpha, text))
    first = block.rows[0]
    if letters < 2 or letters < 0.4 * block.chars:
        return False
    if len(block.rows) > (4 if block.size >= 1.3 * style.body_size else 3) or first.angle:
        return False
    if first.marker and is_bullet(first.first, first.first_font):
        return False
    if text.endswith((",", ";", "،")) or _BYLINE.match(text):
        return False
    return not (text.endswith((".", "。")) and len(text) > 60)


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands around a block in its column."""

    lead: float  # white space above it, in units of the body size
    trail: float  # and below it
    below: Block | None  # the block under it, unless that is a table or picture


def _distinction(block: Block, style: DocumentStyle) -> float:
    """How much a block's type stands out from the body's."""
    ratio = block.size / style.body_size
    score = next(
        (points for least, points in (_OCR_POINTS if block.rows[0].ocr else _SIZE_POINTS) if ratio >= least),
        -1.0,
    )
    if block.all("bold") and not style.body_bold:
        return score + 1.5
    if block.all("italic") and not style.body_italic:
        return score + (1.0 if len(block.rows) == 1 else 0.5)
    return score + (0.25 if block.rows[0].font != style.body_font else 0.0)


def _wording(block: Block) -> float:
    """How much a block reads like a heading: numbered, in capitals, without an end mark."""
    text = block.text
    letters = [char for char in text if char.isalpha()]
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    score = 0.0
    if SECTION_NUMBER.match(text):
        score += 1.0 if "." in text.split()[0].rstrip(".") else 0.75
    if len(letters) > 3 and all(map(str.isupper, letters)):
        score += 1.0
    elif len(words) > 1 and all(word[0].isupper() for word in words):
        score += 0.25
    if _USUAL.fullmatch(text):
        score += 1.0
    if text.endswith((".", ":", "。", "：")):
        score -= 1.0
    if letters and letters[0].islower():
        score -= 1.5
    return score


def _heads(block: Block, below: Block | None, trail: float, style: DocumentStyle) -> bool:
    """True when a paragraph of body text starts right under a block, at its edge."""
    if below is None or trail > 1.3 or len(block.rows) > 2:
        return False
    edge = min(row.start for row in below.rows[:2])
    return (
        below.chars > 30
        and abs(below.size - style.body_size) < 1.5
        and abs(edge - block.rows[0].start) < 1.5 * style.body_size
        and below.rows[0].font != block.rows[0].font
    )


def heading_strength(
    block: Block, style: DocumentStyle, vote: Mapping[str, float], setting: Setting
) -> float:
    """How strongly a block looks like a heading; 2 is enough."""
    strength = _distinction(block, style) + _wording(block)
    if setting.lead >= 0.7 and setting.lead >= 1.3 * setting.trail:
        strength += 0.5
    if _heads(block, setting.below, setting.trail, style):
        strength += 0.5
    if len(block.rows) > 2:
        strength -= 1.0
    return strength + 2.0 * vote.get("title", 0.0) - 0.25 * vote.get("text", 0.0)


def is_usual(text: str) -> bool:
    """True for a title of a section that says by itself what it is."""
    return _USUAL.fullmatch(text) is not None


def style_key(block: Block) -> tuple[float, str, bool, bool]:
    """What makes two headings look alike."""
    row = block.rows[0]
    return (row.size, row.font, row.bold, row.italic)


def like_heading(block: Block, style: DocumentStyle, vote: Mapping[str, float], setting: Setting) -> bool:
    """True for a block that may be a heading where others of its looks are: less evidence will do."""
    return (
        len(block.rows) == 1
        and _possible(block, style)
        and _distinction(block, style) >= 1.0
        and heading_strength(block, style, vote, setting) >= _PEER_ENOUGH
    )


def is_heading(block: Block, style: DocumentStyle, vote: Mapping[str, float], setting: Setting) -> bool:
    """True for a section header."""
    return _possible(block, style) and heading_strength(block, style, vote, setting) >= _ENOUGH
