"""A text with structure, before anybody has said how it looks."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "Block",
    "Code",
    "Definitions",
    "Heading",
    "Item",
    "ListBlock",
    "Note",
    "Paragraph",
    "Run",
    "Runs",
    "Table",
    "plain",
]


@dataclass(frozen=True)
class Run:
    """Characters of one look: `style` is "" or "b" (bold), "i" (italic), "c" (code)."""

    style: str
    text: str


Runs = tuple[Run, ...]


@dataclass(frozen=True)
class Heading:
    """`level` counts from 1, as the source has it."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Running text; `quoted` when it is a quotation."""

    runs: Runs
    quoted: bool = False


@dataclass(frozen=True)
class Item:
    """An item of a list, with the list below it."""

    runs: Runs
    inner: ListBlock | None = None


@dataclass(frozen=True)
class ListBlock:
    """A list, numbered when `ordered`."""

    ordered: bool
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean, in order: ("dt" or "dd", text)."""

    items: tuple[tuple[str, Runs], ...]


@dataclass(frozen=True)
class Code:
    """Lines of code, with their spaces."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of cells, the first of them the head; all rows have the same width."""

    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True)
class Note:
    """What stands in a box beside or between the text."""

    blocks: tuple[Block, ...]


Block = Heading | Paragraph | ListBlock | Definitions | Code | Table | Note


def plain(runs: Runs) -> str:
    """The characters alone."""
    return "".join(run.text for run in runs)
