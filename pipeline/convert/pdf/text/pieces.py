"""Glyphs to words, along the content stream, where the glyphs of a word nearly always follow one another.

A piece is a word or, when a producer draws a word in several steps, a part of one. All thresholds are
fractions of an em, the displayed font size.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise, starmap

import msgspec
import numpy as np
import numpy.typing as npt

from docmill.pipeline.convert.joining.lines import is_unspaced
from docmill.pipeline.convert.pdf.text.glyphs import Glyphs
from docmill.pipeline.convert.pdf.text.layers import SPACE_GAP
from docmill.pipeline.convert.pdf.text.script import SPACING_ACCENTS, accented, is_rtl
from docmill.pipeline.convert.types import LeftOut

__all__ = [
    "BASELINE_SHIFT",
    "INITIAL_SIZE",
    "LONG_OVERLAP",
    "OVERLAP",
    "Piece",
    "find_pieces",
    "with_accents",
    "with_marks",
    "without_duplicates",
]

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

#: A wider gap parts words: type sets them 0.2 em apart at the least, and kerns letters by less than 0.1.
WORD_GAP = 0.15
#: TeX squeezes the spaces of a full line, and those before an `f` come out at two thirds of the others. On a
#: line whose spaces are that narrow on average, of so many at least, a gap this wide is one too, unless so
#: many of its letters stand apart that they are spaced out.
SQUEEZED_SPACE, SQUEEZED_SPACES, SQUEEZED_GAP = 0.25, 3, 0.105
MOST_APART = 0.1
#: Lines that are set tight throughout have none that are wider: so wide at least, and so many, where letters
#: that belong together touch.
TIGHT_GAP, TOUCHING_GAP = 0.065, 0.04
MIN_TIGHT = 3
#: The last letter of a ligature reaches over the space behind it by no more.
LIGATURE_OVERHANG = 0.25
#: Chinese and Japanese have no spaces, but lines are justified by moving their characters apart.
UNSPACED_GAP = 0.4
#: Nor does Arabic need a gap to part its words where spaces are encoded, one to so many letters at least: its
#: letters' boxes may hold their ink alone, which leaves wider gaps beside those that do not join.
ARABIC_GAP = 0.3
LETTERS_A_SPACE = 12
#: How far a glyph may reach back over the one before it (kerning, italics; TeX's logo by 0.36), and how far
#: within one operation or in Arabic, where swashes and joins reach under their neighbours.
OVERLAP = 0.4
LONG_OVERLAP = 1.2
#: Glyphs that share more than this part of the narrower one are overstruck.
OVERSTRUCK = 0.6
#: Baselines of one line differ by less (sub- and superscripts).
BASELINE_SHIFT = 0.5
#: A letter so many times as big as what follows is an initial, which may stand beside several lines.
INITIAL_SIZE = 1.9
#: Letter-spaced words: most letters stand at least this far apart, and never more than SPACED_MAX.
SPACED_MAX = 0.7
MIN_SPACED_PAIRS = 4
#: An accent's letter is among so many glyphs before and after it.
ACCENT_REACH = 200
#: A combining mark's letter is beside it in the stream or, where none of these is near it on the page, among
#: so many glyphs before and after it: PDFium parts the two where they are one glyph of a word that it turns.
MARK_GAP = 0.4
MARK_REACH = 8
#: Duplicates drawn to fake bold lie within this distance.
DUPLICATE_SHIFT = 0.12
#: A sub- or superscript is smaller than its base by this factor and shifted by this much.
SCRIPT_SIZE = 0.85
SCRIPT_SHIFT = 0.12
#: It may stand so far from its base, which slants away from it.
SCRIPT_GAP = 0.2
#: A superscript after this many letters is a note mark, a word of its own; after fewer it is an exponent.
NOTE_MARK_BASE = 3
#: Between a raised and a lowered number; docling-parse makes three cells of them.
FRACTION_SLASH = "\u2044"


_LETTERS = np.asarray([chr(code).isalpha() for code in range(0x80)])
_DIGITS = np.asarray([chr(code).isdecimal() for code in range(0x80)])


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A word, or a part of one: glyphs [first, last) in stream order."""

    first: int
    last: int
    text: str
    start: float  # along the reading direction, by advance widths
    stop: float
    baseline: float  # of its largest glyphs, so that a superscript does not move its word
    size: float
    box: tuple[float, float, float, float]
    font: int
    angle: int
    spaced: bool  # an encoded space comes before it
    parted: bool  # ... in a text layer, where it may reach far over the piece before
    rtl: bool
    cut_before: bool  # a clip path cuts text off before it
    cut_behind: bool


def without_duplicates(glyphs: Glyphs) -> Glyphs:
    """Glyphs less those drawn again in place by another operation, which fakes a bold face or a shadow."""
    if len(glyphs.text) < 2:
        return glyphs
    code = _codes("".join(glyphs.text))
    size = glyphs.size
    shift = DUPLICATE_SHIFT * size
    drop = np.zeros(len(code), np.bool_)
    by_start = np.argsort(glyphs.start, kind="stable")
    # Two grids, half a cell apart, so that no pair is parted by a grid line in both.
    for offset in (0.0, 0.5):
        row = np.floor(glyphs.baseline / np.maximum(2 * shift, 0.1) + offset).astype(np.int64)
        order = _sorted_by(code, _sorted_by(row, by_start))
        one, two = order[:-1], order[1:]
        same = (code[one] == code[two]) & (row[one] == row[two]) & (glyphs.run[one] != glyphs.run[two])
        same &= (np.abs(glyphs.start[one] - glyphs.start[two]) < shift[one]) & (
            np.abs(glyphs.baseline[one] - glyphs.baseline[two]) < shift[one]
        )
        same &= np.abs(size[one] - size[two]) < 0.2 * size[one]
        drop[np.maximum(one, two)[same]] = True
    if not drop.any():
        return glyphs
    return glyphs.without(drop, LeftOut.DUPLICATE)


def _codes(text: str) -> Ints:
    """The code point of each character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)


def _sorted_by(values: Ints, order: Ints) -> Ints:
    """`order` sorted by the values there, equal ones as they were; what fits into 16 bits in linear time."""
    low = values.min()
    narrow = (values - low).astype(np.uint16) if values.max() - low < 1 << 16 else values
    return order[np.argsort(narrow[order], kind="stable")]


def with_accents(glyphs: Glyphs) -> Glyphs:
    """Accents drawn over their letter as glyphs of their own (TeX, old fonts), put on the letter."""
    if SPACING_ACCENTS.keys().isdisjoint(glyphs.text):
        return glyphs
    text = list(glyphs.text)
    kept = np.ones(len(text), np.bool_)
    middle = ((glyphs.start + glyphs.stop) / 2).tolist()
    for i in (i for i, char in enumerate(text) if char in SPACING_ACCENTS):
        for j in _under(i, middle[i], glyphs):
            if whole := accented(text[j], glyphs.text[i]):
                text[j], kept[i] = whole, False
                break
    return replace(glyphs, text=text).only(kept)


def _under(accent: int, middle: float, glyphs: Glyphs) -> list[int]:
    """The glyphs below or above an accent, in the stream's neighbourhood, the nearest in it first.

    PDFium moves an accent that was drawn before its letter to the end of the words drawn before.
    """
    low = max(0, accent - ACCENT_REACH)
    near = slice(low, accent + ACCENT_REACH + 1)
    level = np.abs(glyphs.baseline[near] - glyphs.baseline[accent]) < BASELINE_SHIFT * glyphs.size[near]
    found = np.flatnonzero(level & (glyphs.start[near] < middle) & (middle < glyphs.stop[near])) + low
    return sorted((j for j in found.tolist() if j != accent), key=lambda j: (abs(j - accent), -j))


def with_marks(glyphs: Glyphs) -> Glyphs:
    """Combining marks, which producers draw before or after their letter, put on it."""
    marks = {char for char in set(glyphs.text) if unicodedata.combining(char)}
    if not marks:
        return glyphs
    text = list(glyphs.text)
    kept = np.ones(len(text), np.bool_)
    middle = ((glyphs.start + glyphs.stop) / 2).tolist()
    for i in (i for i, char in enumerate(glyphs.text) if char in marks):
        for reach in (1, MARK_REACH):
            around = range(max(0, i - reach), min(len(text), i + reach + 1))
            near = [j for j in around if glyphs.text[j] not in marks and kept[j]]
            near = [j for j in near if abs(glyphs.baseline[i] - glyphs.baseline[j]) < glyphs.size[j]]
            away = {j: max(glyphs.start[j] - middle[i], middle[i] - glyphs.stop[j], 0.0) for j in near}
            base = min(near, key=away.__getitem__, default=None)
            if base is not None and (away[base] < MARK_GAP * glyphs.size[i] or reach == MARK_REACH):
                text[base] += text[i]
                kept[i] = False
                break
    return replace(glyphs, text=text).only(kept)


def find_pieces(glyphs: Glyphs) -> list[Piece]:
    """Maximal runs of glyphs in stream order that lie next to each other with no space between."""
    text, size, start, stop = glyphs.text, glyphs.size, glyphs.pen[:, 0], glyphs.pen[:, 1]
    if not text:
        return []
    kinds = _kinds(text)
    rtl = kinds.rtl
    firsts = np.concatenate(([0], np.flatnonzero(~_linked(glyphs, kinds)) + 1))
    lasts = np.append(firsts[1:], len(text))
    bases, sizes = _main_baseline(glyphs.baseline, size, firsts, lasts)
    lows = np.minimum.reduceat(glyphs.box[:, :2], firsts)
    highs = np.maximum.reduceat(glyphs.box[:, 2:], firsts)
    whole = "".join(text)
    if len(whole) == len(text):  # a glyph, a character
        texts = [whole[first:last] for first, last in pairwise([*firsts.tolist(), len(text)])]
    else:
        texts = ["".join(text[first:last]) for first, last in pairwise([*firsts.tolist(), len(text)])]
    columns = zip(
        firsts.tolist(),
        lasts.tolist(),
        texts,
        np.minimum.reduceat(start, firsts).tolist(),
        np.maximum.reduceat(stop, firsts).tolist(),
        bases,
        sizes,
        map(tuple, np.hstack([lows, highs]).tolist()),
        glyphs.font[firsts].tolist(),
        glyphs.angle[firsts].tolist(),
        glyphs.spaced[firsts].tolist(),
        glyphs.parted[firsts].tolist(),
        np.logical_or.reduceat(rtl, firsts).tolist(),
        glyphs.cut[firsts].tolist(),
        np.append(glyphs.cut, False)[lasts].tolist(),
        strict=True,
    )
    return list(starmap(Piece, columns))


def _linked(glyphs: Glyphs, kinds: _Kinds) -> Flags:
    """[N - 1] which glyphs belong to one word with the next one."""
    rtl, latin = kinds.rtl, kinds.latin
    start, stop, baseline, size = glyphs.start, glyphs.stop, glyphs.baseline, glyphs.size
    em = np.maximum(size[1:], size[:-1])
    origin, end = glyphs.pen.T
    gap = origin[1:] - end[:-1]
    either = rtl[1:] | rtl[:-1]
    # Right-to-left text may come in either order: the distance between the two glyphs decides.
    gap = np.where(either, np.maximum(gap, origin[:-1] - end[1:]), gap) / em
    # A big initial belongs to the word after it where both stand on one baseline, not beside several lines.
    smaller = np.minimum(size[1:], size[:-1])
    reach = BASELINE_SHIFT * np.where(em >= INITIAL_SIZE * smaller, smaller, em)
    level = (np.abs(baseline[1:] - baseline[:-1]) < reach) & (glyphs.angle[1:] == glyphs.angle[:-1])
    same_run = glyphs.run[1:] == glyphs.run[:-1]
    # One glyph that stands for several characters, a ligature, gives each of them its whole box.
    same_glyph = (start[1:] == start[:-1]) & (stop[1:] == stop[:-1]) & same_run
    spaced = glyphs.spaced[1:]
    limit = _letter_spacing(glyphs, gap, level & ~spaced, kinds.letters) + WORD_GAP
    limit = np.where(_squeezed(gap, level, glyphs.text) & (limit == WORD_GAP), SQUEEZED_GAP, limit)
    limit = np.where(kinds.unspaced[1:] & kinds.unspaced[:-1], np.maximum(limit, UNSPACED_GAP), limit)
    if 0 < rtl.sum() <= LETTERS_A_SPACE * (spaced & either).sum():
        limit = np.where(rtl[1:] & rtl[:-1], np.maximum(limit, ARABIC_GAP), limit)
    shifted = np.abs(baseline[1:] - baseline[:-1]) > SCRIPT_SHIFT * em
    script = shifted & (size[1:] < SCRIPT_SIZE * size[:-1])
    limit = np.where(script, np.maximum(limit, SCRIPT_GAP), limit)
    near = (gap > -np.where(same_run | either, LONG_OVERLAP, OVERLAP)) & (gap < limit)
    near &= ~spaced | (gap <= np.where(np.append(False, same_glyph[:-1]), -LIGATURE_OVERHANG, SPACE_GAP))
    # A big number is no initial: a word in small type after it is a word of its own.
    near &= ~(kinds.digits[:-1] & (size[:-1] >= INITIAL_SIZE * size[1:]) & (gap * em >= limit * smaller))
    near &= ~_tight_spaces(glyphs, gap, level, kinds.letters)
    # A glyph drawn over the one before it: a circle around a letter, a stroke through it.
    shared = np.minimum(stop[1:], stop[:-1]) - np.maximum(start[1:], start[:-1])
    narrower = np.minimum(stop[1:] - start[1:], stop[:-1] - start[:-1])
    near |= (shared > OVERSTRUCK * narrower) & (narrower > 0) & (gap > -LONG_OVERLAP)
    # docling-parse never merges letters of opposite directions into one cell.
    near &= ~((rtl[1:] & latin[:-1]) | (latin[1:] & rtl[:-1]))
    linked = level & (near | same_glyph) & ~(glyphs.parted | glyphs.cut)[1:]
    _part_note_marks(glyphs, linked)
    _part_fractions(glyphs, linked)
    return np.asarray(linked, np.bool_)


def _squeezed(gap: Floats, level: Flags, text: list[str]) -> Flags:
    """[N - 1] before which letters a narrow gap is a space: those of lines whose sure spaces are narrow."""
    line = np.cumsum(~level)
    count = int(line[-1]) + 1 if len(line) else 0
    sure = level & (gap >= WORD_GAP) & (gap < 2 * WORD_GAP + SQUEEZED_SPACE)
    spaces = np.bincount(line[sure], minlength=count)
    width = np.bincount(line[sure], weights=gap[sure], minlength=count)
    apart = np.bincount(line[level & (gap > SQUEEZED_GAP / 2) & (gap < WORD_GAP)], minlength=count)
    narrow = (spaces >= SQUEEZED_SPACES) & (width < SQUEEZED_SPACE * spaces)
    narrow &= apart <= MOST_APART * np.bincount(line[level], minlength=count)
    found: Flags = narrow[line] & (gap >= SQUEEZED_GAP) & (gap < WORD_GAP)
    for i in np.flatnonzero(found).tolist():
        found[i] = text[i + 1].isalpha()
    return found


def _tight_spaces(glyphs: Glyphs, gap: Floats, level: Flags, letters: Flags) -> Flags:
    """[N - 1] gaps narrower than those between words mostly are, in lines that have no others.

    No space is encoded in such a line, most of its letters touch, and nothing is in between the two.
    """
    narrow = level & (gap > TIGHT_GAP) & (gap < WORD_GAP) & (letters[1:] | letters[:-1])
    if narrow.sum() < MIN_TIGHT:
        return np.zeros(len(gap), np.bool_)
    inside = level & (gap > -OVERLAP) & (gap < 1.0)
    line = np.cumsum(~inside)

    def count(pairs: Flags) -> Ints:
        return np.bincount(line[pairs], minlength=int(line[-1]) + 1)

    pairs, many = count(inside), count(narrow)
    tight = (count(inside & (gap >= WORD_GAP)) <= many) & (count(inside & glyphs.spaced[1:]) == 0)
    tight &= count(inside & (np.abs(gap) <= TOUCHING_GAP)) >= 0.6 * pairs
    tight &= count(inside & (gap > TOUCHING_GAP) & (gap <= TIGHT_GAP)) <= 0.05 * pairs
    squeezed = tight & (many >= MIN_TIGHT) & (pairs >= 3 * many)
    if squeezed.sum() > 1:  # then the last lines of paragraphs are as well, which have few words
        squeezed = tight
    return np.asarray(narrow & inside & squeezed[line], np.bool_)


def _part_note_marks(glyphs: Glyphs, linked: Flags) -> None:
    """Unlink note marks from the words they are set on, in place; exponents and indices stay."""
    size, text = glyphs.size, glyphs.text
    shifted = np.abs(np.diff(glyphs.baseline)) > SCRIPT_SHIFT * np.maximum(size[1:], size[:-1])
    enter = linked & shifted & (size[1:] < SCRIPT_SIZE * size[:-1])
    leave = linked & shifted & (size[:-1] < SCRIPT_SIZE * size[1:])
    for i in np.flatnonzero(enter).tolist():
        if _goes_on(glyphs, linked, i + 1):
            continue
        letters = 0
        while letters < NOTE_MARK_BASE and text[i - letters].isalnum():
            letters += 1
            if i - letters < 0 or not linked[i - letters]:
                break
        if letters >= NOTE_MARK_BASE or unicodedata.category(text[i][0]) in ("Po", "Pe", "Pf"):
            linked[i] = False
    for i in np.flatnonzero(leave).tolist():
        begins = i == 0 or not linked[i - 1]
        if begins and text[i + 1].isalpha() and not text[i].isalpha():
            linked[i] = False


def _goes_on(glyphs: Glyphs, linked: Flags, i: int) -> bool:
    """Whether the letter `i` is followed by a larger one of the same word, as in TeX's logo."""
    if not (glyphs.text[i].isalpha() and i < len(linked) and linked[i]):
        return False
    return glyphs.text[i + 1].isalpha() and glyphs.size[i] < SCRIPT_SIZE * glyphs.size[i + 1]


def _part_fractions(glyphs: Glyphs, linked: Flags) -> None:
    """Unlink fraction slashes from the smaller numbers beside them, in place."""
    if FRACTION_SLASH not in glyphs.text:
        return
    for i in (i for i, char in enumerate(glyphs.text) if char == FRACTION_SLASH):
        beside = [j for j in (i - 1, i + 1) if 0 <= j < len(glyphs.text) and glyphs.text[j].isdigit()]
        for j in beside:
            if glyphs.size[j] < SCRIPT_SIZE * glyphs.size[i]:
                linked[min(i, j)] = False


def _main_baseline(
    baseline: Floats, size: Floats, firsts: Ints, lasts: Ints
) -> tuple[list[float], list[float]]:
    """The baseline and size of each piece's largest glyphs, so that a superscript does not move its word."""
    sizes = np.maximum.reduceat(size, firsts)
    largest = size >= np.repeat(sizes, lasts - firsts) * 0.99
    picked = np.where(largest, baseline, -np.inf)
    return np.maximum.reduceat(picked, firsts).tolist(), sizes.tolist()


@dataclass(frozen=True)
class _Kinds:
    """[N] which glyphs are strong right-to-left letters, left-to-right letters or digits, or Chinese.

    `letters` are those of any script, as `digits` are.
    """

    rtl: Flags
    latin: Flags
    unspaced: Flags
    letters: Flags
    digits: Flags


def _kinds(text: list[str]) -> _Kinds:
    unique = set(text)
    letters, digits = _tell(text, str.isalpha, _LETTERS), _tell(text, str.isdecimal, _DIGITS)
    if "".join(unique).isascii():
        none = np.zeros(len(text), np.bool_)
        return _Kinds(none, none, none, letters, digits)
    rtl = {char for char in unique if is_rtl(char)}
    latin = {char for char in unique - rtl if unicodedata.bidirectional(char[0]) in ("L", "EN")}
    unspaced = {char for char in unique if is_unspaced(char)}
    return _Kinds(_members(text, rtl), _members(text, latin), _members(text, unspaced), letters, digits)


def _tell(text: list[str], kind: Callable[[str], bool], ascii_kind: Flags) -> Flags:
    """[N] which glyphs are of a kind; `ascii_kind` says it of ASCII, and what is not ASCII."""
    whole = "".join(text)
    if len(whole) != len(text):  # marks on their letters
        return np.fromiter(map(kind, text), np.bool_, len(text))
    codes = _codes(whole)
    found = ascii_kind[np.minimum(codes, 0x7F)]
    others = np.flatnonzero(codes > 0x7E)
    found[others] = [kind(text[i]) for i in others.tolist()]
    return found


def _members(text: list[str], kind: set[str]) -> Flags:
    if not kind:
        return np.zeros(len(text), np.bool_)
    flags: Flags = np.fromiter(map(kind.__contains__, text), np.bool_, len(text))
    return flags


def _letter_spacing(glyphs: Glyphs, gap: Floats, linked: Flags, letters: Flags) -> Floats:
    """For each pair of neighbours, the usual gap between letters there in em: 0 unless they are spaced out.

    Spaced text has nearly all its letter pairs apart by about the same gap; that takes a few pairs to tell.
    """
    spacing = np.zeros(len(gap))
    candidate = linked & (gap > -OVERLAP) & (gap < SPACED_MAX * 2)
    wide = candidate & (gap > WORD_GAP * 0.7)
    if wide.sum() < MIN_SPACED_PAIRS - 1:
        return spacing
    pair = candidate & letters[1:] & letters[:-1]
    _space_out(spacing, np.cumsum(~candidate), candidate, gap, pair)
    # Words of one operation are spaced alike; by themselves short ones have too few pairs to tell.
    inside = candidate & (glyphs.run[1:] == glyphs.run[:-1])
    short = inside & (spacing == 0)
    if (short & wide).any():
        _space_out(spacing, glyphs.run[1:], short, gap, pair & inside, one_operation=True)
    return spacing


def _space_out(
    spacing: Floats, group: Ints, members: Flags, gap: Floats, pair: Flags, *, one_operation: bool = False
) -> None:
    """Set the spacing of the `members` of each group whose pairs of letters are evenly apart, in place.

    `group` does not fall: each is a stretch of the stream.
    """
    count = int(group[-1]) + 1
    wide = pair & (gap > WORD_GAP * 0.7)
    pairs, spread = (np.bincount(group[some], minlength=count) for some in (pair, wide))
    here = np.bincount(group[members & wide], minlength=count)
    least = MIN_SPACED_PAIRS - one_operation
    found = np.flatnonzero((pairs >= least) & (spread >= 0.7 * pairs) & (here > 0))
    begins, ends = np.searchsorted(group, found), np.searchsorted(group, found, side="right")
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        own = slice(begin, end)
        gaps = gap[own][pair[own]]
        typical = float(np.median(gaps))
        even = bool(np.quantile(gaps, 0.25) > 0.6 * typical)
        if len(gaps) < MIN_SPACED_PAIRS:  # a short word: its letters are as far apart as can be told
            even = bool(gaps.max() - gaps.min() < 0.1 * typical)
        if typical < SPACED_MAX and even:
            spacing[own][members[own]] = typical + 0.3 * max(0.0, typical - WORD_GAP)
