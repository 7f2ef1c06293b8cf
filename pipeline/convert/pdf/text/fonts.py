"""What a PDF font's name, flags and weight say of its style."""

from __future__ import annotations

import re

from docmill.pipeline.convert.types import Font

__all__ = ["font_style"]

#: Font descriptor flags (ISO 32000-1, table 123).
FIXED_PITCH, ITALIC, FORCE_BOLD = 1 << 0, 1 << 6, 1 << 18
#: CSS weight from which a font counts as bold when its name does not say.
BOLD_WEIGHT = 650

_SUBSET_PREFIX = re.compile(r"^[A-Z]{6}\+")
# "Medi" is Nimbus's name for bold; a trailing TB or BX belongs to Libertine and to TeX's families.
_BOLD = re.compile(r"bold|black|heavy|demi|[-_ ,](bd|blk|hv|medi(?!um))|(?<=[a-z])bd(?![a-z])", re.I)
_ITALIC = re.compile(r"ital|obli|slant|kursiv|[-_ ,](it|obl)(?![a-z])|(?<=[a-z])it$", re.I)
_MONO = re.compile(
    r"mono(?!type)|courier|consol|typewriter|menlo|inconsolata|fixed|terminal|lucidacon|sourcecode|firacode|"
    r"andale|ocr-?[ab]\b|hack-|letter ?gothic|nimbusmon|txtt|beramono",
    re.I,
)
_LIGHT = re.compile(r"regular|book|light|roman\b|thin|normal", re.I)
# Computer Modern, EC, CM-Super, Latin Modern and Libertine encode the style in capitals after the family.
_TEX = re.compile(r"^(?:CM|EC|SF|LM|Lin(?:Libertine|Biolinum))(?P<style>[A-Z][A-Za-z]*?)\d*(?:-.*)?$")


def font_style(base_name: str, *, flags: int = 0, weight: int = 0, italic_angle: int = 0) -> Font:
    """The `Font` for a PostScript name, the descriptor's flags, its CSS weight (0: unknown) and its slant."""
    name = _SUBSET_PREFIX.sub("", base_name).strip()
    tex = _TEX.match(name)
    style = tex["style"] if tex else ""
    bold = bool(_BOLD.search(name)) or bool(flags & FORCE_BOLD) or style[:2] in ("BX", "TB") or style == "B"
    if not bold and weight >= BOLD_WEIGHT:
        bold = not _LIGHT.search(name) and not style
    italic = bool(_ITALIC.search(name)) or style[:2] in ("TI", "SL", "MI") or "I" in style[2:4]
    return Font(
        name=name,
        bold=bold,
        italic=italic or bool(flags & ITALIC) or abs(italic_angle) >= 4,
        mono=bool(_MONO.search(name)) or bool(flags & FIXED_PITCH) or "TT" in style[:4],
    )
