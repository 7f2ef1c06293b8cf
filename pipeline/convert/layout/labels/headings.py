"""Section headers: size, weight, numbering, white space and the detector's vote, added up."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import SECTION_NUMBER, has_deep_number, is_bullet
from docmill.pipeline.convert.layout.blocks.text_rows import Face
from docmill.pipeline.convert.layout.style import DocumentStyle

__all__ = [
    "Setting",
    "heading_strength",
    "is_heading",
    "is_open_heading",
    "is_usual",
    "like_heading",
    "style_key",
]

_ENOUGH = 2.0
_PEER_ENOUGH = 1.4
#: What a size of at least so many times the body's is worth.
_SIZE_POINTS = ((1.3, 3.0), (1.12, 2.0), (1.06, 1.0), (0.93, 0.0))
#: The same for recognised text, whose size is an estimate.
_OCR_POINTS = ((1.5, 3.0), (1.3, 2.0), (0.8, 0.0))
_MAX_CHARS = 180
#: Lines of a heading of at least so many times the body's size, in narrow columns.
_MOST_LINES = ((1.3, 6), (1.12, 5), (0.0, 3))
_NAMED = 0.75  # what numbers and capitals are worth, at least
_APART = 1.2  # white space above a heading in the type of the text, in units of the body size
_FACE = 1.5  # what the face of other headings of the document is worth
_PLAIN = 0.75  # what it costs to be set as the text is, and to say nothing that headings say
_COUNTED = 1.5  # what a number that follows another section's is worth
_BIG = 1.12  # times the body's size
#: The number of a release, over what has changed in it.
_RELEASE = re.compile(r"\[?v?\d{1,4}\.\d{1,4}\.\d{1,4}")
_TITLES = 0.75  # what it is worth that a bold line stands over a table, or a typed one in capitals over text
_ALONE = 0.7  # white space above a line that is no line of a paragraph, in units of the body size
_LEAST_TEXT, _NEAR = 30, 2.0  # characters of what a heading stands over; how near, in units of the body size
_SMALL = 0.93  # times the body's size: smaller are labels of what stands beside the text
_OPEN_LINES = 2  # of a heading that geometry may miss
_VOTE = 0.8  # of a detector that sees a title: three in four are less sure
#: What sentences end with, and what text goes on after.
_STOPS = (".", ",", ";", ":", "。", "，", "；", "：", "،")
_ADDRESSES = ("://", "@")
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
    first = block.rows[0]
    if not _has_words(block, style):
        return False
    most = next(lines for least, lines in _MOST_LINES if block.size >= least * style.body_size)
    if len(block.rows) > most or first.angle:
        return False
    if first.marker and is_bullet(first.first, first.first_font):
        return False
    if text.endswith((",", ";", "،")) or _BYLINE.match(text):
        return False
    return not (text.endswith((".", "。")) and len(text) > 60)


def _has_words(block: Block, style: DocumentStyle) -> bool:
    """True for text of letters more than of figures; in big type fewer will do, or a release's number."""
    letters = sum(map(str.isalpha, block.text))
    number = SECTION_NUMBER.match(block.text)
    chars = block.chars - (number.end() - 2 if number else 0)
    if letters >= 2 and letters >= 0.4 * chars:
        return True
    if block.rows[0].ocr or block.size < _BIG * style.body_size:
        return False
    return letters >= max(3, 0.2 * block.chars) or _RELEASE.match(block.text) is not None


@dataclass(frozen=True, slots=True)
class Setting:
    """What stands around a block in its column."""

    lead: float  # white space above it, in units of the body size
    trail: float  # and below it
    below: Block | None  # the block under it, unless that is a table or picture
    counted: bool = False  # its number follows that of another section
    titles: bool = False  # it stands right over a table that begins where it does


def _distinction(block: Block, style: DocumentStyle) -> float:
    """How much a block's type stands out from the body's."""
    ratio = block.size / max(style.body_size, style.text_size)
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
    if len(letters) > 3 and (all(map(str.isupper, letters)) or block.all("small_caps")):
        score += 1.0
    elif len(words) > 1 and all(word[0].isupper() for word in words):
        score += 0.25
    if _USUAL.fullmatch(text):
        score += 1.0
    if text.endswith((".", ":", "。", "：")):
        score -= 1.0
    if letters and letters[0].islower() and not _RELEASE.match(text):
        score -= 1.5
    return score


def _heads(block: Block, below: Block | None, trail: float, style: DocumentStyle) -> bool:
    """True when a paragraph of body text starts right under a block, at its edge."""
    if below is None or trail > 1.3 or len(block.rows) > 2:
        return False
    edge = min(row.start for row in below.rows[:2])
    return (
        below.chars > _LEAST_TEXT
        and abs(below.size - style.body_size) < 1.5
        and abs(edge - block.rows[0].start) < 1.5 * style.body_size
        and below.rows[0].font != block.rows[0].font
    )


def _numbered_apart(block: Block, setting: Setting) -> bool:
    """True for a line with a section's number and space above it that is not one of several such lines."""
    return (
        len(block.rows) == 1
        and setting.lead >= _APART
        and has_deep_number(block.text)
        and not block.text.endswith((".", ":", "。", "："))
        and not (setting.below is not None and has_deep_number(setting.below.text))
    )


def _usual_apart(block: Block, setting: Setting) -> bool:
    """True for a line with space above it that is nothing but the title of a section, right over text."""
    below = setting.below
    over = below is not None and below.chars > _LEAST_TEXT and setting.trail < _NEAR
    return over and len(block.rows) == 1 and setting.lead >= _ALONE and is_usual(block.text)


def _centred_over(block: Block, setting: Setting) -> bool:
    """True for a line with space above it, in the middle over a wider block of text."""
    below = setting.below
    if below is None or len(block.rows) > 1 or setting.lead < _APART:
        return False
    indent = block.box.l - below.box.l
    return indent > 3 * block.size and abs(indent - (below.box.r - block.box.r)) < block.size


def _typed(block: Block, setting: Setting, style: DocumentStyle) -> bool:
    """True for a line in capitals with space around it over text: a typewriter has no other heading."""
    below = setting.below
    return (
        len(block.rows) == 1
        and block.text.isupper()
        and " " in block.text
        and setting.lead >= _APART
        and setting.trail >= 0.5
        and below is not None
        and len(below.rows) > 1
        and not below.text.isupper()
        and below.size <= 1.1 * style.body_size
    )


def heading_strength(
    block: Block, style: DocumentStyle, vote: Mapping[str, float], setting: Setting
) -> float:
    """How strongly a block looks like a heading; 2 is enough."""
    wording = _wording(block)
    strength = _distinction(block, style) + wording
    if setting.lead >= _ALONE and setting.lead >= 1.3 * setting.trail:
        strength += 0.5
    if _heads(block, setting.below, setting.trail, style):
        strength += 0.5
    named = wording >= _NAMED and not is_usual(block.text)
    if (
        _numbered_apart(block, setting)
        or (named and _centred_over(block, setting))
        or _usual_apart(block, setting)
    ):
        strength += 1.0
    if all(row.uniform and row.lettering in style.headings for row in block.rows):
        strength += _FACE
    if setting.counted:
        strength += _COUNTED
    elif wording < _NAMED and _set_as_text(block, style):
        strength -= _PLAIN
    if style.body_mono and _typed(block, setting, style):
        strength += _TITLES
    if setting.titles and len(block.rows) == 1 and block.all("bold"):
        strength += _TITLES
    if len(block.rows) > 2 and not setting.counted:
        strength -= 1.0
    return strength + 2.0 * vote.get("title", 0.0) - 0.25 * vote.get("text", 0.0)


def _set_as_text(block: Block, style: DocumentStyle) -> bool:
    """True for a block in the very face of the text; recognised text has none that is known."""
    body = (style.body_size, style.body_font, style.body_bold, style.body_italic)
    return not block.rows[0].ocr and all(row.face == body for row in block.rows)


def is_usual(text: str) -> bool:
    """True for a title of a section that says by itself what it is."""
    return _USUAL.fullmatch(text) is not None


def style_key(block: Block) -> Face:
    """What makes two headings look alike."""
    return block.rows[0].face


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


def is_open_heading(block: Block, style: DocumentStyle, setting: Setting) -> bool:
    """True for text that is a heading if a detector sees a title there, and may well be one.

    Detectors see a title in hardly any of the rest: what a sentence ends, what goes on from the line over it,
    what is smaller than the text, and two lines set as text is.
    """
    text = block.text
    if len(block.rows) > _OPEN_LINES or text.endswith(_STOPS):
        return False
    if any(address in text for address in _ADDRESSES):
        return False
    if setting.lead < _ALONE or next(filter(str.isalpha, text), "").islower():
        return False
    if not all(row.lettering in style.headings for row in block.rows):
        if block.size < _SMALL * style.body_size:
            return False
        if len(block.rows) > 1 and not _set_apart(block, style):
            return False
    return is_heading(block, style, {"title": _VOTE}, setting)


def _set_apart(block: Block, style: DocumentStyle) -> bool:
    """True for type that is bolder, slanted or much bigger where the text's is not."""
    bold, italic = block.all("bold") and not style.body_bold, block.all("italic") and not style.body_italic
    return bold or italic or block.size >= _BIG * style.body_size
