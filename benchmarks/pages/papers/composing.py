"""Blocks of a source to a paper: front matter, headings that run in, formulas in and between lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from benchmarks.pages import invented
from benchmarks.pages.composing import Composer
from benchmarks.pages.flow import (
    Author,
    Document,
    Figure,
    Footnote,
    Formula,
    Front,
    Head,
    Line,
    Piece,
    Running,
    Text,
)
from benchmarks.pages.marks import Marks, Role
from benchmarks.pages.papers.classes import CLASSES
from benchmarks.pages.papers.plots import plot_words
from benchmarks.pages.papers.setting import FORMULAS, INLINE
from benchmarks.pages.sources.blocks import (
    Block,
    Code,
    Definitions,
    Heading,
    Note,
    Paragraph,
    Run,
    Runs,
    Table,
)
from benchmarks.pages.styles import Style

__all__ = ["compose_paper"]

_WORDS = (
    "optimisation",
    "graphs",
    "inference",
    "turbulence",
    "galaxies",
    "robustness",
    "quantum",
    "learning",
)
_SUBJECTS = (
    "cs.LG",
    "cs.CL",
    "math.OC",
    "hep-ph",
    "cond-mat.stat-mech",
    "astro-ph.GA",
    "stat.ME",
    "q-bio.NC",
)
_LEAST_SPLIT = 240  # characters of a paragraph that a displayed formula may part


def compose_paper(blocks: Sequence[Block], style: Style, random: Random, marks: Marks) -> Document:
    """A paper of these blocks; every block in it gets a mark of `marks`."""
    kept: list[Block] = [block for block in blocks if not isinstance(block, Definitions | Note)]
    kept = [block for block in kept if not (isinstance(block, Code | Table) and random.random() < 0.6)]
    return _PaperComposer(kept, "en", style, random, marks).document()


class _PaperComposer(Composer):
    """Also makes the front; the publisher's class numbers headings."""

    def document(self) -> Document:
        """The paper."""
        random, marks = self.random, self.marks
        self.kind = random.choice(sorted(CLASSES))
        self.waiting = ""  # a heading that runs into the next paragraph
        self.title = invented.sentence(random, self.pool, 30, 110).rstrip(".:")
        front = self._front()
        pieces = [piece for block in self.blocks for piece in self._pieces(block)]
        pieces += self._references()
        running = Running(
            Line(marks.new(Role.HEADER), self.title[:60]),
            Line(marks.new(Role.HEADER), invented.person(random)),
            marks.new(Role.FOOTER),
        )
        return Document(self.title, "en", tuple(pieces), running, front=front)

    def _front(self) -> Front:
        random, marks = self.random, self.marks
        title = Line(marks.new(Role.TITLE), self.title)
        people = random.sample(invented.PEOPLE, random.choice((1, 2, 2, 3, 3, 4, 5, 6)))
        authors = []
        if CLASSES[self.kind].blocks:
            for name in people:
                mark = marks.new(Role.FRONT)
                mail = f"{name.split()[-1].lower()}@example.org"
                lines = [random.choice(invented.PLACES), *([mail] if random.random() < 0.7 else [])]
                authors.append(Author(mark, name, tuple(Line(mark, line) for line in lines)))
        else:
            mark = marks.new(Role.FRONT)
            places = tuple(
                Line(marks.new(Role.FRONT), place)
                for place in random.sample(invented.PLACES, random.randint(1, 3))
            )
            authors = [Author(mark, name, places) for name in people]
        text = " ".join(invented.sentence(random, self.pool, 80, 300) for _ in range(random.randint(3, 6)))
        abstract = Line(marks.new(Role.PARAGRAPH), text)
        words = ", ".join(random.sample(_WORDS, 4)) if random.random() < 0.6 else ""
        keywords = Line(marks.new(Role.PARAGRAPH), words)
        note = f"Manuscript received {random.randint(1, 28)} May 2020. "
        note += invented.sentence(random, self.pool, 40, 160)
        number = f"{random.randint(10, 25)}{random.randint(1, 12):02}.{random.randint(1, 20000):05}"
        stamp = f"arXiv:{number}v{random.randint(1, 4)} [{random.choice(_SUBJECTS)}] "
        stamp += f"{random.randint(1, 28)} Oct 2021"
        return Front(
            self.kind,
            title,
            tuple(authors),
            abstract,
            keywords,
            Line(marks.new(Role.FOOTNOTE), note if random.random() < 0.5 else ""),
            Line(marks.new(Role.HEADER), stamp if random.random() < 0.6 else ""),
        )

    def _pieces(self, block: Block, *, inside: bool = False) -> Iterator[Piece]:
        if isinstance(block, Heading):
            level = min(3, self.rank.get(block.level, 3))
            if level >= CLASSES[self.kind].run_in:
                self.waiting = block.text
            else:
                yield Head(self.marks.new(Role.HEADING, level), level, block.text)
        elif isinstance(block, Paragraph) and not block.quoted:
            yield from self._parts(block)
            yield from self._between()
        else:
            yield from super()._pieces(block, inside=inside)

    def _parts(self, block: Paragraph) -> Iterator[Piece]:
        """A paragraph with mathematics; one of some length may have a displayed formula in its middle."""
        random, marks = self.random, self.marks
        opening, self.waiting = self.waiting, ""
        if not opening and random.random() < 0.08:
            opening = invented.sentence(random, self.pool, 5, 35).rstrip(".")
        runs = self._with_mathematics(block.runs)
        chars = sum(len(run.text) for run in runs if run.style != "m")
        cut = next((n for n in range(1, len(runs)) if runs[n].style == "m"), 0)
        if chars >= _LEAST_SPLIT and cut and random.random() < 0.35:
            yield Text(marks.new(Role.PARAGRAPH), runs[:cut], "before-formula", opening=opening)
            yield self._formula()
            mark = marks.new(Role.PARAGRAPH)
            yield Text(mark, (Run("", "where "), *runs[cut:]), "after-formula")
            return
        mark, note = marks.new(Role.PARAGRAPH), None
        if chars > 60 and random.random() < 0.06:
            note = Footnote(marks.new(Role.FOOTNOTE), invented.sentence(random, self.pool, 20, 180))
        yield Text(mark, runs, "", note, opening)

    def _with_mathematics(self, runs: Runs) -> Runs:
        """Runs with formulas after some words, and citations."""
        random, found = self.random, []
        for run in runs:
            if run.style:
                found.append(run)
                continue
            words = run.text.split(" ")
            part: list[str] = []
            for number, word in enumerate(words):
                part.append(word)
                if number < len(words) - 1 and random.random() < 0.06:
                    cited = random.random() < 0.4
                    found.append(Run("", " ".join(part) + " "))
                    part = [""]
                    if cited:
                        found.append(Run("", f"[{random.randint(1, 30)}]"))
                    else:
                        found.append(Run("m", random.choice(INLINE)))
            found.append(Run("", " ".join(part)))
        return tuple(run for run in found if run.text)

    def _formula(self) -> Formula:
        number = "(1)" if self.random.random() < 0.7 else ""
        return Formula(self.marks.new(Role.FORMULA), self.random.randrange(len(FORMULAS)), number)

    def _between(self) -> Iterator[Piece]:
        random, marks = self.random, self.marks
        chance = random.random()
        if chance < 0.07:
            seed, wide = random.randrange(10**6), random.random() < 0.25
            words = tuple(Line(marks.new(Role.PICTURE), word) for word in plot_words(seed))
            caption = Line(marks.new(Role.CAPTION), invented.sentence(random, self.pool, 20, 180))
            yield Figure(caption, 1 if wide else 0, words, seed)
        elif chance < 0.14:
            yield self._formula()
        elif chance < 0.2:
            heads, rows = invented.table_of_figures(random)
            text = invented.sentence(random, self.pool, 15, 120)
            yield self._grid(heads, rows, text, label="")
