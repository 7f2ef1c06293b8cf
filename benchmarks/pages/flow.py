"""A document as setters take it: pieces in the order of reading, each with the number of its mark."""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.pages.sources.blocks import Runs

__all__ = [
    "Author",
    "Boxed",
    "Contents",
    "Document",
    "Figure",
    "Footnote",
    "Formula",
    "Front",
    "Grid",
    "GridCell",
    "Head",
    "Line",
    "Listed",
    "ListedItem",
    "Listing",
    "Piece",
    "Referenced",
    "Running",
    "Text",
    "Titled",
]


@dataclass(frozen=True)
class Line:
    """Characters with one mark."""

    mark: int
    text: str


@dataclass(frozen=True)
class Titled:
    """The document's title and what stands below it."""

    title: Line
    front: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Head:
    """A heading with its number, level 1 to 4."""

    mark: int
    level: int
    text: str


@dataclass(frozen=True)
class Footnote:
    """A note at the foot of its page."""

    mark: int
    text: str


@dataclass(frozen=True)
class Text:
    """A paragraph; `how` is "", "quote", "abstract", "first" (after a heading), "term" or "definition"."""

    mark: int
    runs: Runs
    how: str = ""
    note: Footnote | None = None
    opening: str = ""  # a heading that runs in, of the paragraph's mark; papers alone have them


@dataclass(frozen=True)
class ListedItem:
    """An item, and the list inside it."""

    mark: int
    runs: Runs
    inner: Listed | None = None


@dataclass(frozen=True)
class Listed:
    """A list."""

    ordered: bool
    items: tuple[ListedItem, ...]


@dataclass(frozen=True)
class Listing:
    """Code; with numbers of its lines where the style has them, which share its mark."""

    mark: int
    text: str


@dataclass(frozen=True)
class GridCell:
    """A cell; `columns` more than 1 when it spans, `number` when it is set to the right."""

    mark: int
    text: str
    columns: int = 1
    number: bool = False


@dataclass(frozen=True)
class Grid:
    """A table; the first `heads` rows are its head."""

    mark: int
    rows: tuple[tuple[GridCell, ...], ...]
    heads: int = 1
    caption: Line | None = None

    @property
    def width(self) -> int:
        """Columns."""
        return max(sum(cell.columns for cell in row) for row in self.rows)


@dataclass(frozen=True)
class Figure:
    """Coloured shapes `tall` points high, with words among them, and a caption."""

    caption: Line
    tall: int
    words: tuple[Line, ...]
    seed: int


@dataclass(frozen=True)
class Formula:
    """A displayed formula: which of the setters' own."""

    mark: int
    which: int
    number: str


@dataclass(frozen=True)
class Boxed:
    """Pieces in a box; `look` is "border", "ground" or "bar"."""

    pieces: tuple[Piece, ...]
    look: str


@dataclass(frozen=True)
class Contents:
    """A table of contents: level, heading, page."""

    mark: int
    entries: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True)
class Referenced:
    """A list of references."""

    entries: tuple[Line, ...]
    numbered: bool


Piece = Titled | Head | Text | Listed | Listing | Grid | Figure | Formula | Boxed | Contents | Referenced


@dataclass(frozen=True)
class Running:
    """Running heads and feet, with a mark each; "" for none. The folio is in the head or the foot."""

    head: Line
    foot: Line
    folio: int


@dataclass(frozen=True)
class Author:
    """A block of a paper's author, with a mark, or a line of several with their affiliations."""

    mark: int
    names: str
    places: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Front:
    """What stands over a paper's text, and up its margin; `kind` is the publisher's class."""

    kind: str
    title: Line
    authors: tuple[Author, ...]
    abstract: Line
    keywords: Line
    note: Line
    stamp: Line


@dataclass(frozen=True)
class Document:
    """All that a setter needs besides the style."""

    title: str
    language: str
    pieces: tuple[Piece, ...]
    running: Running
    side: Line | None = None  # a sidebar beside the first page's text
    line_numbers: int = 0  # the mark of numbers at the lines, 0 for none
    front: Front | None = None  # of a paper
