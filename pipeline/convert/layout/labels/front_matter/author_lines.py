"""Headings under a title that name its authors: told by their words, and by what stands below them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from docmill.pipeline.convert.layout.blocks.blocks import Block
from docmill.pipeline.convert.layout.blocks.markers import SECTION_NUMBER
from docmill.pipeline.convert.layout.blocks.spatial import hull
from docmill.pipeline.convert.layout.labels.front_matter.affiliations import (
    has_contact,
    is_abstract,
    is_affiliation,
    is_date,
    is_month,
    mentions_contact,
    starts_with_mark,
)
from docmill.pipeline.convert.layout.labels.front_matter.names import names_in
from docmill.pipeline.convert.layout.labels.headings import is_usual, style_key

__all__ = ["author_lines", "is_prose"]

_LEAST_PROSE = 3  # rows of a paragraph, with which the text begins
_MOST_BLOCKS = 60  # under a title that are looked at
_FIGURES = frozenset("123456789")
_SEVERAL = 3  # persons, more than headings speak of


def is_prose(block: Block) -> bool:
    """True for a paragraph of some length."""
    return len(block.rows) >= _LEAST_PROSE and block.chars > 60


def author_lines(blocks: Sequence[Block], labels: Sequence[str], under: Sequence[int]) -> list[int]:
    """The headings that name persons, and what belongs to them, up to the first paragraph or section.

    `under` holds the blocks below the title, from top to bottom, by number. A name looks like many a
    heading, so it takes more to be one: marks, other names, an address or an abstract below. Words that
    the page also writes small are no names, and what stands right over a paragraph heads it.
    """
    return _Authors(blocks, labels, under[:_MOST_BLOCKS]).found()


class _Authors:
    """The part of a page in which authors are sought."""

    def __init__(self, blocks: Sequence[Block], labels: Sequence[str], under: Sequence[int]) -> None:
        self._blocks = blocks
        self._under = under
        self._names = {
            number: names_in(blocks[number].text, raised=any(row.raised for row in blocks[number].rows))
            for number in under
            if labels[number] == "section_header"
        }
        self._people: set[int] = set()
        for place in reversed(range(len(under))):  # what stands below is known first
            if self._is_author(place):
                self._people.add(under[place])

    def found(self) -> list[int]:
        """See `author_lines`."""
        authors: list[int] = []
        marks: set[str] = set()
        for place, number in enumerate(self._under):
            text = self._blocks[number].text
            if number not in self._names:
                if self._begins(number) and not starts_with_mark(text, marks):
                    break
            elif (
                number in self._people
                or has_contact(text)
                or self._is_another(place, authors)
                or self._goes_on(place, authors)
            ):
                authors.append(number)
                marks |= self._names[number].marks
            elif is_usual(text) or SECTION_NUMBER.match(text):
                break
        return authors

    def _is_author(self, place: int) -> bool:
        """True for people over what stands below authors, and over no section's text."""
        number, below = self._under[place], self._below(place)
        names = self._names.get(number)
        if names is not None and self._holds_addresses(number):
            return True
        if names is None or below is None or not names.people or names.others > names.people:
            return False
        if is_usual(self._blocks[number].text):
            return False
        if names.indexed and not self._begins(below):
            return True
        if self._is_common(number):
            return False
        if names.indexed or (names.people >= _SEVERAL and (names.marked >= _SEVERAL or self._is_list(place))):
            return True
        if names.people == 1 and not names.marked:
            return names.pure and self._is_lone(number, below)
        text = self._blocks[below].text
        if names.numbered:
            pointed = starts_with_mark(text, names.marks)
            if names.marked > 1:
                return pointed or is_affiliation(text) or is_abstract(text)
            return pointed and is_affiliation(text)
        if below in self._people or is_affiliation(text) or is_abstract(text):
            return names.pure or names.marked > 0
        return names.marked > 0 and (is_usual(text) or is_date(text) or starts_with_mark(text, names.marks))

    def _holds_addresses(self, number: int) -> bool:
        """True for a block of names in its first line, and of where they work under it."""
        first, *others = self._blocks[number].rows
        return (
            bool(others)
            and names_in(first.text, raised=first.raised).pure
            and is_affiliation(" ".join(row.text for row in others))
        )

    def _is_list(self, place: int) -> bool:
        """True for several names and nothing else right under the title."""
        return place == 0 and self._names[self._under[place]].pure

    def _is_lone(self, number: int, below: int) -> bool:
        """True for one name without a mark, over an address or another such name, and set as no heading is.

        Names beside each other may be set as headings are.
        """
        block, under = self._blocks[number], self._blocks[below]
        key = style_key(block)
        if below in self._names:
            addressed = has_contact(under.text) or (below in self._people and style_key(under) == key)
        else:
            addressed = is_affiliation(under.text)
        if not addressed or len(block.rows) > 1 or mentions_contact(block.text):
            return False
        return len(self._beside(number)) > 1 or all(
            style_key(self._blocks[other]) != key for other in self._names if not self._names[other].pure
        )

    def _beside(self, number: int) -> list[int]:
        """The headings that name people on the line of another, in the same type."""
        block = self._blocks[number]
        return [
            other
            for other, names in self._names.items()
            if names.pure
            and abs(self._blocks[other].box.b - block.box.b) < 2
            and style_key(self._blocks[other]) == style_key(block)
        ]

    def _is_another(self, place: int, authors: Sequence[int]) -> bool:
        """True for people beside those found, or over where they work and in the same type."""
        number = self._under[place]
        if not self._names[number].pure:
            return False
        if any(other in authors for other in self._beside(number)):
            return True
        key, below = style_key(self._blocks[number]), self._below(place)
        return (
            below is not None
            and is_affiliation(self._blocks[below].text)
            and any(style_key(self._blocks[other]) == key for other in authors)
        )

    def _goes_on(self, place: int, authors: Sequence[int]) -> bool:
        """True for where the persons of the heading above work, and for the date."""
        text = self._blocks[self._under[place]].text
        above = next((other for other in reversed(self._under[:place]) if other in self._names), None)
        if not authors or above != authors[-1]:
            return False
        if is_month(text):
            return True
        if not (is_affiliation(text) or is_date(text) or self._is_marked(place, authors)):
            return False
        below = self._below(place)
        return below is None or not self._begins(below)

    def _is_marked(self, place: int, authors: Sequence[int]) -> bool:
        """True for a line in the authors' type after one of their marks, or after a figure as those are."""
        block = self._blocks[self._under[place]]
        marks = {mark for author in authors for mark in self._names[author].marks}
        if any(map(str.isdecimal, marks)):
            marks |= _FIGURES
        keys = {style_key(self._blocks[author]) for author in authors}
        return style_key(block) in keys and starts_with_mark(block.text, marks)

    def _begins(self, number: int) -> bool:
        """True for a paragraph with which a text begins: not one of addresses."""
        return is_prose(self._blocks[number]) and not is_affiliation(self._blocks[number].text)

    def _is_common(self, number: int) -> bool:
        """True when a word of this heading is written small elsewhere on the page: names are not."""
        words = (word.strip(".,;:*()") for word in self._blocks[number].text.split())
        return any(word[:1].isupper() and len(word) > 2 and word.lower() in self._small for word in words)

    @cached_property
    def _small(self) -> frozenset[str]:
        return frozenset(word for block in self._blocks for word in block.text.split() if word.islower())

    def _below(self, place: int) -> int | None:
        """The block right under another one, or under those that name people beside it."""
        box = self._blocks[self._under[place]].box
        if self._under[place] in self._names:
            box = hull([box, *(self._blocks[other].box for other in self._beside(self._under[place]))])
        for number in self._under[place + 1 :]:
            other = self._blocks[number].box
            if other.t >= box.b - 0.5 * box.height and min(box.r, other.r) > max(box.l, other.l):
                return number
        return None
