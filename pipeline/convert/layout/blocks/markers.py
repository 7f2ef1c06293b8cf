"""What the first words of a block say: bullets, enumerators, section numbers, captions, page numbers."""

from __future__ import annotations

import re
import unicodedata

from docmill.pipeline.convert.layout.blocks.traits import is_math_font

__all__ = [
    "CAPTION",
    "DASHES",
    "EQUATION_NUMBER",
    "PROMPT",
    "SECTION_NUMBER",
    "TABLE_CAPTION",
    "has_deep_number",
    "is_bullet",
    "is_enumerator",
    "is_marker",
    "is_page_number",
    "is_reference_mark",
    "leader_page",
    "leading_marker",
]

_BULLETS = frozenset("•●▪■◦‣►▸▶○◯□☐☑☒✓✔✗✘❖❑❒◆◇◊➢➤➔→⇒⁃∙⋅·‧・⬤◾◽▫◉★☆ㅇ¾Ø")
#: Bullets that also start lines of code, of dialogue and of sums.
DASHES = frozenset("-–—‐‑−*∗+~")
_ENUMERATOR = re.compile(
    r"(?:\(?\d{1,3}(?:\.\d{1,2})*[.)]\)?|\(?[A-Za-z][.)]|\(?[ivxlIVXL]{1,5}[.)]|\[\d{1,3}\]|\[[A-Z][A-Za-z+]{0,5}\d{2}[a-z]?\]"
    r"|\d{1,2}[-–]|[\u0621-\u064a][.)\-]"
    r"|[①-⑳⑴-⒇㉠-㉻]|[가-하][.)]|\([가-하]\)|\d{1,2}、|[一二三四五六七八九十]{1,3}、)"
)
#: Chinese, Japanese and Korean set an item's text right after its enumerator or bullet.
_ATTACHED = re.compile(
    r"(?P<mark>[(（]?\d{1,2}[.)．）、]|[(（][一二三四五六七八九十]{1,3}[)）]|[一二三四五六七八九十]{1,3}、|[①-⑳⑴-⒇㉠-㉻]|[가-하][.)]|[・●■◆○◎※])"
    r"(?=[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3「『《【“])"
)
_SYMBOL_FONT = re.compile(r"symbol|dingbat|wingding|webding|marlett|bullet", re.IGNORECASE)

CAPTION = re.compile(
    r"\s*(?:[\[(<]\s*)?(?:fig(?:ure|\.)?|table|tab\.|listing|example|algorithm|scheme|chart|plate|exhibit|"
    r"abbildung|abb\.|tabelle|tableau|figura|tabla|tabela|그림|표|图|圖|表|図|شكل|جدول)\s*"
    r"(?:[\dA-Z]{1,3}[-.–:]?)?(?:\d+|[IVX]+)\b",
    re.IGNORECASE,
)
#: The beginning of a caption that names a table.
TABLE_CAPTION = re.compile(r"\W*(?:tab|표|表|جدول)", re.IGNORECASE)
SECTION_NUMBER = re.compile(
    r"(?:\d{1,2}(?:\.\d{1,2}){0,4}\.?|[A-Z]\.(?:\d+(?:\.\d+)*\.?)?|[IVX]{1,5}\.|§+\s*\d+(?:\.\d+)*|[Ⅰ-Ⅻ]\.?|"
    r"제\s?\d+\s?[장절조편관]|第[\d一二三四五六七八九十百]{1,4}[章节節条條編编部]|"
    r"(?:chapter|section|appendix|part|annex|article|kapitel|chapitre|capítulo)\s+[\dA-Z]+[.:]?)\s+\S",
    re.IGNORECASE,
)
#: A number of two levels or more: of sections, and seldom of anything else.
_DEEP_NUMBER = re.compile(r"(?:\d{1,2}|[A-Z])(?:\.\d{1,2}){1,4}\.?\s+(?=\D)")
#: What a shell or a device asks with, and what is typed there.
PROMPT = re.compile(r"(?:[\w@:.~/()\[\]\\-]{0,60}[#>$%]|>>>|PS [^<>|]{1,60}>) ?[A-Za-z./\\-]")
EQUATION_NUMBER = re.compile(r"\(\s*[A-Z]?\d{1,3}(?:[.\-]\d{1,3})?[a-z]?\s*\)")
_ROMAN = r"(?=[ivxlc])c{0,3}(?:xc|xl|l?x{0,3})(?:ix|iv|v?i{0,3})"
_PAGE_NUMBER = re.compile(
    r"(?:(?:page|p\.|seite|página|صفحة)\s*)?(?:[-–—|\[(]\s*)?"
    rf"(?:\d{{1,5}}|{_ROMAN}|[A-Z]?\d{{1,3}}[-–.]\d{{1,4}})"
    r"\s*(?:(?:[-–—|\])]\s*)?(?:of|/|von|de|sur|من)\s*\d{1,5}|[-–—|\])]?)",
    re.IGNORECASE,
)
_REFERENCE_MARK = re.compile(
    r"(?:[*†‡§¶‖#]{1,3}|[¹²³⁰⁴-⁹]{1,3}|\(?\d{1,3}[).]?|\[\d{1,3}\]|[a-z][).]?|※)(?=\s|$|[^\W\d_a-z])"
)
#: From the first of the dots only: from any other there is no more to find.
_LEADER = re.compile(
    r"(?<![.·…‥_])(?<![.·…‥_]\s)(?:[.·…‥_]\s?){4,}\s*"
    r"(?:([\divxlcIVXLC]{1,6}(?:[-–.]\d{1,4})?|[-–−+(]?[$€£¥]?\d[\d.,'’]{0,15}[)%]{0,2}(?:\s?[$€£¥])?)\s*)?$"
)


def is_bullet(word: str, font: str = "") -> bool:
    """True for a word that is one bullet glyph.

    Glyphs of symbol fonts, of the private use area and control characters count: PDFs seldom map them.
    """
    if len(word) != 1:
        return False
    if word in _BULLETS or word in DASHES:
        return True
    if word == "\ufffd" or unicodedata.category(word) in {"Cc", "Co", "Cn"}:
        return not is_math_font(font)
    return bool(_SYMBOL_FONT.search(font)) or (word == "o" and "cour" in font.lower())


def is_enumerator(word: str) -> bool:
    """True for a word such as `1.`, `a)`, `(iv)`, `[12]` or `①`."""
    return _ENUMERATOR.fullmatch(word) is not None


def is_marker(word: str, font: str = "") -> bool:
    """True for a bullet or an enumerator."""
    return is_bullet(word, font) or is_enumerator(word)


def leading_marker(word: str, font: str = "") -> str:
    """The marker that `word`, the first of a line, is or starts with; "" if it has none."""
    if is_marker(word, font):
        return word
    attached = _ATTACHED.match(word)
    return attached["mark"] if attached else ""


def has_deep_number(text: str) -> bool:
    """True for text that starts with a section's number of two levels or more, as `2.1` or `A.3.1`."""
    return _DEEP_NUMBER.match(text) is not None


def is_page_number(text: str) -> bool:
    """True for text that is nothing but a page number: `12`, `xiv`, `7-45`, `Page 3 of 10`."""
    return _PAGE_NUMBER.fullmatch(text.strip()) is not None


def is_reference_mark(text: str) -> bool:
    """True for text that starts as footnotes do: with a number or a note sign."""
    found = _REFERENCE_MARK.match(text)
    return found is not None and not text[found.end() : found.end() + 1].islower()


def leader_page(text: str) -> str | None:
    """The page or figure that a row with dot leaders points to, "" when it stands apart; else None."""
    found = _LEADER.search(text)
    if found is None:
        return None
    return found.group(1) or ""
