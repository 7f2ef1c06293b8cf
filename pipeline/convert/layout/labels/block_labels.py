"""What each block is: the rules for single labels, asked in order of how much they need to see."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from typing import Literal, NamedTuple

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import EQUATION_NUMBER
from docmill.pipeline.convert.layout.blocks.spatial import ColumnIndex
from docmill.pipeline.convert.layout.blocks.text_rows import Face
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.labels.captions import is_caption, is_small_caption, is_voted_caption
from docmill.pipeline.convert.layout.labels.detector_votes import votes
from docmill.pipeline.convert.layout.labels.footnotes import begins_as_note, is_footnote
from docmill.pipeline.convert.layout.labels.formulas import is_formula, is_open_formula, joined_formulas
from docmill.pipeline.convert.layout.labels.front_matter.front_matter import front_matter
from docmill.pipeline.convert.layout.labels.furniture import furniture_label, margins
from docmill.pipeline.convert.layout.labels.headings import (
    Setting,
    is_heading,
    is_open_heading,
    like_heading,
    style_key,
)
from docmill.pipeline.convert.layout.labels.lettered_headings import heads_section
from docmill.pipeline.convert.layout.labels.list_items import is_list_item, reference_entries
from docmill.pipeline.convert.layout.labels.listings import is_code, joined_code
from docmill.pipeline.convert.layout.labels.note_marks import NO_MARKS, NoteMarks
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.types import Ruling

__all__ = ["Labelled", "Open", "label_blocks"]

_BIG = 1.12  # times the body's size: what headings have, and hardly any running head
_MARGIN_BLOCKS = 60  # blocks at each end of the page among which furniture and footnotes are sought


Open = Literal["formula", "heading"]


class Labelled(NamedTuple):
    """Blocks and the label of each."""

    blocks: list[Block]
    labels: list[str]
    open: frozenset[Open]  # what text may be: a detector that sees it there decides


def _setting(block: Block, index: ColumnIndex[Block | Found], size: float, counted: bool = False) -> Setting:
    """White space around a block in its column, in units of `size`; at the page's ends, large."""
    centre = (block.box.l + block.box.r) / 2
    above = index.above(centre, block.box.t, block)
    below = index.below(centre, block.box.b - 0.5 * block.rows[-1].box.height, block)
    lead = (block.box.t - above.box.b) / size if above is not None else 9.0
    trail = (below.box.t - block.box.b) / size if below is not None else 9.0
    titles = isinstance(below, Found) and below.label == "table" and _over_table(block, [below])
    return Setting(lead, trail, below if isinstance(below, Block) else None, counted, titles)


def label_blocks(
    blocks: Sequence[Block],
    regions: Sequence[Found],
    page: tuple[float, float],
    style: DocumentStyle,
    separators: Sequence[Ruling],
    detections: Sequence[Detection],
    values: Container[int] = (),
    *,
    repeated: Container[int] = (),
    number: int = 2,
    marks: NoteMarks = NO_MARKS,
    named: Container[int] = (),
) -> Labelled:
    """Blocks with their labels; formulas and listings come back joined.

    `page` is the page's width and height, `separators` its horizontal rulings sorted by y, `values` the
    cells that fill in form fields, which are no headings however they are set, `repeated` those of lines that
    come back on other pages. `number` is the page's: on the first a title may stand, with authors,
    affiliations and a date under it. `marks` are the marks of notes in the text, `named` the first cells of
    lines that the document's bookmarks name.
    """
    index: ColumnIndex[Block | Found] = ColumnIndex([*blocks, *regions])
    by_top = sorted(blocks, key=lambda block: block.box.t)
    by_bottom = sorted(blocks, key=lambda block: -block.box.b)
    head, foot = by_top[:_MARGIN_BLOCKS], by_bottom[:_MARGIN_BLOCKS]
    plain = _names_in_a_row(blocks, [region for region in regions if region.label == "table"]) | {
        place for place, block in enumerate(blocks) if block.rows[0].cells[0] in values
    }
    pictures = [region for region in regions if region.label == "picture"]
    entries = reference_entries(blocks)
    around = margins(blocks, number, page[1], style, repeated)
    inner = [block for block in foot if block.rows[0].cells[0] not in around.known]
    counted = style.sections.get(number, ())
    labels: list[str] = []
    maybe: list[int] = []
    unsure: set[int] = set()
    open_labels: set[Open] = set()
    looks: set[Face] = set()
    for place, block in enumerate(blocks):
        vote = votes(block.box, detections)
        ends = head if block.box.t < 0.5 * page[1] else foot
        label = None
        first = block.rows[0].cells[0]
        if not begins_as_note(block, page[1], marks):
            label = furniture_label(block, ends, page, style, separators, vote, around)
        if label is not None and first not in around.known and _is_displayed(block, ends, vote):
            label = None
        if first in counted or (first not in repeated and _set_as_headings(block, style)):
            label = None  # at the end of a page
        if label is None and first in named:
            label = "section_header"
            looks.add(style_key(block))
        if label is None:
            label = _content_label(block, regions, inner, page, style, separators, vote, marks)
        if label == "text" and place in entries:
            label = "list_item"
        if label in {"text", "list_item"}:
            setting = _setting(block, index, style.body_size, first in counted)
            if place not in plain and (
                is_heading(block, style, vote, setting) or heads_section(block, style, setting.below)
            ):
                label = "section_header"
                looks.add(style_key(block))
            elif place not in plain and like_heading(block, style, vote, setting):
                maybe.append(place)
            elif label == "text" and (
                is_voted_caption(block, regions, vote, style)
                or is_small_caption(block, pictures, style, setting.trail)
            ):
                label = "caption"
            if label == "text" and is_open_formula(block, setting.lead):
                open_labels.add("formula")
            elif label == "text" and place not in plain and is_open_heading(block, style, setting):
                unsure.add(place)
        labels.append(label)
    for place in maybe:
        if style_key(blocks[place]) in looks:
            labels[place] = "section_header"
    if number == 1:
        for place in front_matter(blocks, labels):
            first = blocks[place].rows[0].cells[0]
            if first not in named and first not in counted:
                labels[place] = "text"
    unsure = {place for place in unsure if labels[place] == "text"}
    if number == 1 and unsure:  # what names authors is none, whoever sees a title there
        titled = ["section_header" if place in unsure else label for place, label in enumerate(labels)]
        unsure -= front_matter(blocks, titled)
    merged, names = joined_formulas(blocks, labels)
    apart = {id(block) for block in merged}
    if any(id(blocks[place]) in apart for place in unsure):  # the others are limits of a sum
        open_labels.add("heading")
    return Labelled(*joined_code(merged, names), frozenset(open_labels))


def _set_as_headings(block: Block, style: DocumentStyle) -> bool:
    """True for big type that the document sets headings in."""
    return block.size >= _BIG * style.body_size and block.rows[0].lettering in style.headings


def _content_label(
    block: Block,
    regions: Sequence[Found],
    foot: Sequence[Block],
    page: tuple[float, float],
    style: DocumentStyle,
    separators: Sequence[Ruling],
    vote: Mapping[str, float],
    marks: NoteMarks,
) -> str:
    """The label of a block that is no furniture and, as far as this goes, no heading."""
    if is_code(block):
        return "code"
    if is_caption(block, regions):
        return "caption"
    if is_footnote(block, foot, page, style, separators, marks):
        return "footnote"
    if is_formula(block, vote):
        return "formula"
    return "list_item" if is_list_item(block, vote) else "text"


def _is_displayed(block: Block, blocks: Sequence[Block], vote: Mapping[str, float]) -> bool:
    """True for a displayed formula at the end of a column, and for the number at its side."""
    if is_formula(block, vote):
        return True
    return EQUATION_NUMBER.fullmatch(block.text) is not None and any(
        other.box.r < block.box.l
        and abs(other.rows[0].middle - block.rows[0].middle) < block.size
        and is_formula(other, {})
        for other in blocks
    )


def _names_in_a_row(blocks: Sequence[Block], tables: Sequence[Found]) -> set[int]:
    """Blocks of one line that stand beside two others of their looks, as authors do over a paper.

    Not those that stand right over a table each: they are its titles.
    """
    groups: dict[tuple[int, Face], list[int]] = {}
    for number, block in enumerate(blocks):
        if len(block.rows) == 1:
            groups.setdefault((round(block.box.t / 2), style_key(block)), []).append(number)
    beside = [group for group in groups.values() if len(group) >= 3]
    return {number for group in beside for number in group if not _over_table(blocks[number], tables)}


def _over_table(block: Block, tables: Sequence[Found]) -> bool:
    """True for a block within two lines over a table that begins where it does."""
    return any(
        -0.5 * block.size < table.box.t - block.box.b < 2 * block.size
        and abs(table.box.l - block.box.l) < 2 * block.size
        for table in tables
    )
