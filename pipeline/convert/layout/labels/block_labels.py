"""What each block is: the rules for single labels, asked in order of how much they need to see."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.spatial import ColumnIndex
from docmill.pipeline.convert.layout.detectors.cdla import Detection
from docmill.pipeline.convert.layout.labels.captions import is_caption, is_small_caption, is_voted_caption
from docmill.pipeline.convert.layout.labels.detector_votes import votes
from docmill.pipeline.convert.layout.labels.footnotes import is_footnote
from docmill.pipeline.convert.layout.labels.formulas import is_formula, joined_formulas
from docmill.pipeline.convert.layout.labels.front_matter.front_matter import front_matter
from docmill.pipeline.convert.layout.labels.furniture import furniture_label
from docmill.pipeline.convert.layout.labels.headings import Setting, is_heading, like_heading, style_key
from docmill.pipeline.convert.layout.labels.list_items import is_list_item, reference_entries
from docmill.pipeline.convert.layout.labels.listings import is_code, joined_code
from docmill.pipeline.convert.layout.regions.found_region import Found
from docmill.pipeline.convert.layout.style import DocumentStyle
from docmill.pipeline.convert.types import Ruling

__all__ = ["label_blocks"]

_MARGIN_BLOCKS = 60  # blocks at each end of the page among which furniture and footnotes are sought


def _setting(block: Block, index: ColumnIndex[Block | Found], size: float) -> Setting:
    """White space around a block in its column, in units of `size`; at the page's ends, large."""
    centre = (block.box.l + block.box.r) / 2
    above = index.above(centre, block.box.t, block)
    below = index.below(centre, block.box.b - 0.5 * block.rows[-1].box.height, block)
    lead = (block.box.t - above.box.b) / size if above is not None else 9.0
    trail = (below.box.t - block.box.b) / size if below is not None else 9.0
    return Setting(lead, trail, below if isinstance(below, Block) else None)


def label_blocks(
    blocks: Sequence[Block],
    regions: Sequence[Found],
    page: tuple[float, float],
    style: DocumentStyle,
    separators: Sequence[Ruling],
    detections: Sequence[Detection],
    values: Container[int] = (),
    *,
    first_page: bool = False,
) -> tuple[list[Block], list[str]]:
    """Blocks with their labels; formulas and listings come back joined.

    `page` is the page's width and height, `separators` its horizontal rulings sorted by y, `values` the
    cells that fill in form fields, which are no headings however they are set. `first_page` says that a
    title may stand here, with authors, affiliations and a date under it.
    """
    index: ColumnIndex[Block | Found] = ColumnIndex([*blocks, *regions])
    by_top = sorted(blocks, key=lambda block: block.box.t)
    by_bottom = sorted(blocks, key=lambda block: -block.box.b)
    head, foot = by_top[:_MARGIN_BLOCKS], by_bottom[:_MARGIN_BLOCKS]
    repeated = frozenset(style.furniture)
    plain = _names_in_a_row(blocks) | {
        number for number, block in enumerate(blocks) if block.rows[0].cells[0] in values
    }
    pictures = [region for region in regions if region.label == "picture"]
    entries = reference_entries(blocks)
    labels: list[str] = []
    maybe: list[int] = []
    looks: set[tuple[float, str, bool, bool]] = set()
    for number, block in enumerate(blocks):
        vote = votes(block.box, detections)
        ends = head if block.box.t < 0.5 * page[1] else foot
        label = furniture_label(block, ends, page, style, repeated, separators, vote)
        if label is None:
            label = _content_label(block, regions, foot, page, style, separators, vote)
        if label == "text" and number in entries:
            label = "list_item"
        if label in {"text", "list_item"}:
            setting = _setting(block, index, style.body_size)
            if number not in plain and is_heading(block, style, vote, setting):
                label = "section_header"
                looks.add(style_key(block))
            elif number not in plain and like_heading(block, style, vote, setting):
                maybe.append(number)
            elif label == "text" and (
                is_voted_caption(block, regions, vote, style)
                or is_small_caption(block, pictures, style, setting.trail)
            ):
                label = "caption"
        labels.append(label)
    for number in maybe:
        if style_key(blocks[number]) in looks:
            labels[number] = "section_header"
    if first_page:
        for number in front_matter(blocks, labels):
            labels[number] = "text"
    merged, names = joined_formulas(blocks, labels)
    return joined_code(merged, names)


def _content_label(
    block: Block,
    regions: Sequence[Found],
    foot: Sequence[Block],
    page: tuple[float, float],
    style: DocumentStyle,
    separators: Sequence[Ruling],
    vote: Mapping[str, float],
) -> str:
    """The label of a block that is no furniture and, as far as this goes, no heading."""
    if is_code(block):
        return "code"
    if is_caption(block, regions):
        return "caption"
    if is_footnote(block, foot, page, style, separators):
        return "footnote"
    if is_formula(block, vote):
        return "formula"
    return "list_item" if is_list_item(block, vote) else "text"


def _names_in_a_row(blocks: Sequence[Block]) -> set[int]:
    """Blocks of one line that stand beside two others of their looks, as authors do over a paper."""
    groups: dict[tuple[int, tuple[float, str, bool, bool]], list[int]] = {}
    for number, block in enumerate(blocks):
        if len(block.rows) == 1:
            groups.setdefault((round(block.box.t / 2), style_key(block)), []).append(number)
    return {number for group in groups.values() if len(group) >= 3 for number in group}
