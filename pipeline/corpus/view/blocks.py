"""A page's blocks: each part of the document with the region that it was made of, and what was left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Literal

from docmill.pipeline.convert.document.placed_items import PlacedItem
from docmill.pipeline.convert.types import Box, Cluster, PageTables, TableStructure, TextCell

__all__ = ["Block", "Fate", "Source", "blocks_of"]

#: What became of it: it is in the document's body, in its furniture (page headers and footers), in a picture
#: (which Markdown and HTML show as a picture), beside a page that a model's answer made, or nowhere.
Fate = Literal["body", "furniture", "in_picture", "left_out", "no_document"]

#: An item and a region, or a region and a detection, that share so much are one.
_SAME = 0.5
#: More of either are compared by their exact boxes alone.
_MOST_COMPARED = 500


@dataclass(frozen=True)
class Source:
    """Where a region's text comes from: lines of the text layer and of OCR, how sure OCR was of its lines
    (None without any), and how many letters and digits it read.
    """

    layer_lines: int = 0
    ocr_lines: int = 0
    mean: float | None = None
    lowest: float | None = None
    ocr_characters: int = 0

    @classmethod
    def of(cls, cells: Sequence[TextCell]) -> Source:
        """The source of these lines."""
        read = [cell for cell in cells if cell.ocr]
        sure = [cell.confidence for cell in read]
        return cls(
            len(cells) - len(read),
            len(read),
            fmean(sure) if sure else None,
            min(sure, default=None),
            sum(char.isalnum() for cell in read for char in cell.text),
        )


@dataclass(frozen=True)
class Block:
    """One box of a page: `item` is what the document has of it, `region` what the layout stage found there.

    At least one of them is there. `text` is the item's, or the lines of a region that no item has. `seen` is
    the detector's own box there, before the page's geometry and docling's post-processing. `inside`: within
    another block, a label in a picture for example.
    """

    fate: Fate
    text: str
    source: Source
    item: PlacedItem | None = None
    region: Cluster | None = None
    seen: Cluster | None = None
    table: TableStructure | None = None
    inside: bool = False

    @property
    def label(self) -> str:
        """The document's label, else the region's."""
        return self.item.label if self.item else self._region.label

    @property
    def box(self) -> Box:
        """The region's box, else the item's, in displayed points."""
        return self.region.box if self.region else self._item.box

    @property
    def _region(self) -> Cluster:
        assert self.region is not None
        return self.region

    @property
    def _item(self) -> PlacedItem:
        assert self.item is not None
        return self.item


def blocks_of(
    items: Sequence[PlacedItem] | None,
    regions: Sequence[Cluster],
    detections: Sequence[Cluster],
    cells: Sequence[TextCell],
    tables: PageTables | None,
) -> list[Block]:
    """The blocks of a page: its items in reading order, then regions of which the document has nothing.

    `cells` are the page's lines, text layer first, that `Cluster.cells` counts. `items` is None when there is
    no document: then all regions are blocks, in their own order.
    """
    nested = {child.id for region in regions for child in _flat(region.children)}
    flat = [each for region in regions for each in _flat([region])]
    partners = _partners(items or (), flat)
    structures = {table.region: table for table in tables.tables} if tables else {}
    pictures = {item.ref for item in items or () if item.label == "picture"}

    def block(fate: Fate, item: PlacedItem | None, region: Cluster | None) -> Block:
        lines = [cells[index] for index in region.cells if index < len(cells)] if region else []
        return Block(
            fate,
            item.text if item else "\n".join(line.text for line in lines),
            Source.of(lines),
            item,
            region,
            _nearest(region.box if region else item.box if item else None, detections),
            structures.get(region.id) if region else None,
            bool(region and region.id in nested) or bool(item and item.parent in pictures and not region),
        )

    found = [
        block(_fate(item, pictures), item, partners.get(number)) for number, item in enumerate(items or ())
    ]
    taken = {region.id for region in partners.values()}
    lost: Fate = "no_document" if items is None else "left_out"
    found += [block(lost, None, region) for region in regions if region.id not in taken]
    return found


def _fate(item: PlacedItem, pictures: set[str]) -> Fate:
    if item.layer != "body":
        return "furniture"
    return "in_picture" if item.parent in pictures and item.label != "caption" else "body"


def _flat(regions: Iterable[Cluster]) -> Iterator[Cluster]:
    for region in regions:
        yield region
        yield from _flat(region.children)


def _partners(items: Sequence[PlacedItem], regions: Sequence[Cluster]) -> Mapping[int, Cluster]:
    """The region of each item by its number: the same box, else the one that it shares most with."""
    exact: dict[tuple[int, ...], list[Cluster]] = {}
    for region in regions:
        exact.setdefault(_key(region.box), []).append(region)
    found: dict[int, Cluster] = {}
    for number, item in enumerate(items):
        same = exact.get(_key(item.box))
        if same:
            same.sort(key=lambda region: region.label == item.label)
            found[number] = same.pop()
    taken = {region.id for region in found.values()}
    others = [region for region in regions if region.id not in taken]
    left = [number for number in range(len(items)) if number not in found]
    if len(others) > _MOST_COMPARED or len(left) > _MOST_COMPARED:
        return found
    pairs = [(items[number].box.iou(region.box), number, region) for number in left for region in others]
    for shared, number, region in sorted(pairs, key=lambda pair: -pair[0]):
        if shared >= _SAME and number not in found and region.id not in taken:
            found[number] = region
            taken.add(region.id)
    return found


def _key(box: Box) -> tuple[int, ...]:
    return tuple(round(edge * 10) for edge in (box.l, box.t, box.r, box.b))


def _nearest(box: Box | None, detections: Sequence[Cluster]) -> Cluster | None:
    if box is None or not detections or len(detections) > _MOST_COMPARED:
        return None
    best = max(detections, key=lambda each: each.box.iou(box))
    return best if best.box.iou(box) >= _SAME else None
