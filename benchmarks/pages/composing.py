"""Blocks of a source to a document with all that documents have: numbers, captions, footnotes, heads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from benchmarks.pages import invented
from benchmarks.pages.flow import (
    Boxed,
    Contents,
    Document,
    Figure,
    Footnote,
    Formula,
    Grid,
    GridCell,
    Head,
    Line,
    Listed,
    ListedItem,
    Listing,
    Piece,
    Referenced,
    Running,
    Text,
    Titled,
)
from benchmarks.pages.marks import Cell, Marks, Role
from benchmarks.pages.sources.blocks import (
    Block,
    Code,
    Definitions,
    Heading,
    ListBlock,
    Note,
    Paragraph,
    Run,
    Table,
    plain,
)
from benchmarks.pages.sources.catalogue import Source
from benchmarks.pages.sources.reading import read_blocks
from benchmarks.pages.styles import Style

__all__ = ["FORMULAS", "Composer", "compose", "sample"]

#: How many formulas a setter knows.
FORMULAS = 6
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")
_MOST_FILES, _MOST_ITEMS, _DEEPEST_LIST = 30, 25, 2
#: Directions of a bibliography and the like are English in every language here.
_ABSTRACTS, _REFERENCES, _CONTENTS = (
    ("Abstract", "ABSTRACT", "Summary"),
    ("References", "Bibliography"),
    ("Contents", "Table of Contents"),
)
_KEYWORDS = [
    "analysis",
    "layout",
    "open source",
    "statistics",
    "networks",
    "teaching",
    "simulation",
    "maintenance",
]


def sample(source: Source, random: Random, words: int) -> list[Block]:
    """Blocks of consecutive files of a source, about so many words, from a random place on."""
    first = random.randrange(len(source.files))
    blocks: list[Block] = []
    total = 0
    for path in source.files[first : first + _MOST_FILES]:
        read = read_blocks(path)
        if len(source.files) < 3 and len(read) > 60:  # one long file: from some heading in it on
            starts = [n for n, block in enumerate(read[:-40]) if isinstance(block, Heading)] or [0]
            read = read[random.choice(starts) :]
        for block in read:
            blocks.append(block)
            total += _words(block)
            if total > words:
                return blocks
    return blocks


def _words(block: Block) -> int:
    if isinstance(block, Paragraph):
        return len(plain(block.runs)) // 6
    if isinstance(block, Code):
        return len(block.text) // 6
    return 30


def compose(blocks: Sequence[Block], language: str, style: Style, random: Random, marks: Marks) -> Document:
    """The document of these blocks; every block in it gets a mark of `marks`."""
    return Composer(list(blocks), language, style, random, marks).document()


class Composer:
    """Turns blocks into pieces, with marks; `document` is the whole of it."""

    def __init__(
        self, blocks: list[Block], language: str, style: Style, random: Random, marks: Marks
    ) -> None:
        self.blocks, self.language = blocks, language
        self.style, self.random, self.marks = style, random, marks
        self.pool = [plain(block.runs) for block in blocks if isinstance(block, Paragraph)]
        levels = sorted({block.level for block in blocks if isinstance(block, Heading)})
        self.rank = {level: min(4, number) for number, level in enumerate(levels, 1)}
        self.counts = [0] * 5
        self.figures = self.tables = self.notes = 0
        self.after_heading = True

    def document(self) -> Document:
        """The document of the blocks."""
        random, style = self.random, self.style
        pieces = list(self._opening())
        side = None
        if style.sidebar:
            texts = [invented.sentence(random, self.pool, 15, 60) for _ in range(random.randint(3, 6))]
            side = Line(self.marks.new(Role.SIDE), "\n".join(texts))
        for block in self.blocks:
            pieces += self._pieces(block)
        if style.references:
            pieces += self._references()
        running = self._running()
        numbers = self.marks.new(Role.LINE_NUMBER) if style.line_numbers else 0
        return Document(self.title, self.language, tuple(pieces), running, side, numbers)

    # ---- before and after the text

    def _opening(self) -> Iterator[Piece]:
        random, style, marks = self.random, self.style, self.marks
        headings = [block for block in self.blocks if isinstance(block, Heading)]
        takes_heading = bool(headings) and random.random() < 0.7
        self.title = (
            headings[0].text if takes_heading else invented.sentence(random, self.pool, 15, 80).rstrip(".")
        )
        if style.paper_like or random.random() < 0.6:
            title = Line(marks.new(Role.TITLE), self.title.upper() if style.title.upper else self.title)
            if takes_heading:
                self.blocks = [block for block in self.blocks if block is not headings[0]]
                headings = headings[1:]
            lines = invented.front_lines(random) if style.paper_like or random.random() < 0.3 else []
            yield Titled(title, tuple(Line(marks.new(Role.FRONT), line) for line in lines))
        if style.paper_like and random.random() < 0.8:
            yield from self._abstract()
        if style.contents and len(headings) > 3:
            yield Head(marks.new(Role.HEADING, 1), 1, random.choice(_CONTENTS))
            yield self._contents(headings[:40])

    def _abstract(self) -> Iterator[Piece]:
        random, marks = self.random, self.marks
        text = " ".join(invented.sentence(random, self.pool, 80, 300) for _ in range(random.randint(2, 4)))
        how = random.choice(("heading", "opening", ""))
        if how == "heading":
            yield Head(marks.new(Role.HEADING, 1), 1, random.choice(_ABSTRACTS))
        runs = (Run("b", "Abstract. "),) if how == "opening" else ()
        yield Text(marks.new(Role.PARAGRAPH), (*runs, Run("", text)), "abstract")
        if random.random() < 0.4:
            words = ", ".join(random.sample(_KEYWORDS, 4))
            yield Text(marks.new(Role.PARAGRAPH), (Run("b", "Keywords: "), Run("", words)), "first")

    def _contents(self, headings: Sequence[Heading]) -> Contents:
        mark, page, entries = self.marks.new(Role.CONTENTS), 1, []
        counts = [0] * 5
        for heading in headings:
            level = self.rank[heading.level]
            _count(counts, level)
            page += self.random.randint(0, 3)
            entries.append((level, f"{self._number(counts, level)} {heading.text}".strip(), page))
        return Contents(mark, tuple(entries))

    def _references(self) -> Iterator[Piece]:
        random = self.random
        yield Head(self.marks.new(Role.HEADING, 1), 1, self._cased(random.choice(_REFERENCES), 1))
        apa, numbered = random.random() < 0.5, random.random() < 0.5
        entries = [invented.reference(random, self.pool, apa=apa) for _ in range(random.randint(5, 25))]
        yield Referenced(tuple(Line(self.marks.new(Role.REFERENCE), entry) for entry in entries), numbered)

    def _running(self) -> Running:
        random, style = self.random, self.style
        name = random.choice(
            (
                self.title[:70],
                invented.journal(random),
                f"{invented.person(random)} et al.",
                self.title[:50].upper(),
            )
        )
        foot = random.choice((invented.journal(random), name, invented.running_citation(random, self.title)))
        return Running(
            Line(self.marks.new(Role.HEADER), name if style.running_head else ""),
            Line(self.marks.new(Role.FOOTER), foot if style.running_foot else ""),
            self.marks.new(Role.HEADER if style.folio == "head-right" else Role.FOOTER) if style.folio else 0,
        )

    # ---- blocks

    def _pieces(self, block: Block, *, inside: bool = False) -> Iterator[Piece]:
        marks = self.marks
        after_heading, self.after_heading = self.after_heading, isinstance(block, Heading)
        if isinstance(block, Heading):
            level = self.rank.get(block.level, 4)
            _count(self.counts, level)
            text = f"{self._number(self.counts, level)} {self._cased(block.text, level)}".strip()
            yield Head(marks.new(Role.HEADING, level), level, text)
        elif isinstance(block, Paragraph):
            yield self._paragraph(block, inside=inside, first=after_heading)
            if not inside:
                yield from self._between()
        elif isinstance(block, ListBlock):
            yield self._list(block)
        elif isinstance(block, Definitions):
            for name, runs in block.items:
                term = name == "dt"
                role, how = (Role.TERM, "term") if term else (Role.DEFINITION, "definition")
                yield Text(marks.new(role), runs, how)
        elif isinstance(block, Code):
            yield Listing(marks.new(Role.CODE), block.text)
        elif isinstance(block, Table):
            rows = [[(text, 1, False) for text in row] for row in block.rows]
            yield self._grid(1, rows, block.caption)
        else:
            yield self._boxed(block)

    def _paragraph(self, block: Paragraph, *, inside: bool, first: bool) -> Text:
        random, style, runs = self.random, self.style, block.runs
        if style.bold_openings and random.random() < 0.15:
            runs = (Run("b", invented.sentence(random, self.pool, 5, 40)), Run("", " "), *runs)
        mark = self.marks.new(Role.PARAGRAPH)
        note = None
        if (
            style.notes
            and not inside
            and not block.quoted
            and len(plain(runs)) > 60
            and random.random() < 0.12
        ):
            self.notes += 1
            note = Footnote(self.marks.new(Role.FOOTNOTE), invented.sentence(random, self.pool, 20, 220))
        return Text(mark, runs, "quote" if block.quoted else "first" if first else "", note)

    def _between(self) -> Iterator[Piece]:
        """What stands between paragraphs here and there."""
        random, style = self.random, self.style
        if random.random() < 0.04:
            self.figures += 1
            text = (
                f"{style.figure_label.format(self.figures)} {invented.sentence(random, self.pool, 20, 180)}"
            )
            words = random.choice((0, 0, 3, 6))
            inner = tuple(
                Line(self.marks.new(Role.PICTURE), random.choice(invented.FIGURE_WORDS)) for _ in range(words)
            )
            caption = Line(self.marks.new(Role.CAPTION), text)
            yield Figure(caption, random.randint(60, 160), inner, random.randrange(10**6))
        elif style.paper_like and random.random() < 0.05:
            number = f"({random.randint(1, 20)})" if random.random() < 0.5 else ""
            yield Formula(self.marks.new(Role.FORMULA), random.randrange(FORMULAS), number)
        elif style.own_tables and random.random() < 0.06:
            heads, rows = invented.table_of_figures(random)
            yield self._grid(heads, rows, "")

    def _list(self, block: ListBlock, depth: int = 1) -> Listed:
        items = []
        for item in block.items[:_MOST_ITEMS]:
            mark = self.marks.new(Role.LIST_ITEM, depth)
            goes_on = item.inner is not None and depth <= _DEEPEST_LIST
            inner = self._list(item.inner, depth + 1) if goes_on and item.inner is not None else None
            items.append(ListedItem(mark, item.runs, inner))
        return Listed(block.ordered, tuple(items))

    def _grid(
        self,
        heads: int,
        rows: Sequence[Sequence[tuple[str, int, bool]]],
        caption: str,
        label: str | None = None,
    ) -> Grid:
        """A table; `label` begins its caption: None for the style's, "" where the setter has its own."""
        random, style = self.random, self.style
        line = None
        if caption or random.random() < 0.7:
            self.tables += 1
            words = caption or invented.sentence(random, self.pool, 15, 120)
            line = f"{style.table_label.format(self.tables) if label is None else label} {words}".strip()
        above = Line(self.marks.new(Role.CAPTION), line) if line and style.caption_above else None
        table = self.marks.new(Role.TABLE)
        cells = []
        for number, row in enumerate(rows):
            column, made = 0, []
            for text, columns, figure in row:
                place = Cell(table, number, column, columns)
                made.append(GridCell(self.marks.new(Role.TABLE, cell=place), text, columns, figure))
                column += columns
            cells.append(tuple(made))
        below = Line(self.marks.new(Role.CAPTION), line) if line and not above else None
        return Grid(table, tuple(cells), heads, above or below)

    def _boxed(self, block: Note) -> Boxed:
        inner = [piece for part in block.blocks for piece in self._pieces(part, inside=True)]
        return Boxed(tuple(inner), self.random.choice(("border", "ground", "bar")))

    # ---- numbers and capitals

    def _cased(self, text: str, level: int) -> str:
        return text.upper() if self.style.headings[level - 1].upper else text

    def _number(self, counts: Sequence[int], level: int) -> str:
        kind, first = self.style.numbering, counts[0]
        if not kind or level > 3:
            return ""
        if level == 1:
            return {
                "1": f"{first}",
                "1.": f"{first}.",
                "chapter": f"Chapter {first}:",
                "roman": f"{_ROMAN[min(first, 10)]}.",
                "A": f"{chr(64 + min(max(first, 1), 26))}.",
            }[kind]
        top = chr(64 + min(max(first, 1), 26)) if kind == "A" else str(first)
        return ".".join((top, *map(str, counts[1:level]))) + ("." if kind == "1." else "")


def _count(counts: list[int], level: int) -> None:
    counts[level - 1] += 1
    counts[level:] = [0] * (len(counts) - level)
