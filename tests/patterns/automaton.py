"""A regular expression as an automaton, made of the tree that Python's own parser reads it into.

`re._parser` is not public; it is the same in Python 3.11 to 3.13. The automaton takes a little more than the
expression: an atomic group gives up its choice like any other, what looks further than one character is
always content, a reference to a group is the group's own expression, and many is endless. So what is
ambiguous is found, and sometimes what is not.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

__all__ = ["Automaton", "Place", "automaton"]

#: A repeat that is bounded above this counts as endless.
_MANY = 8
#: Characters of every kind that the classes of expressions tell apart.
_ORDINARY = "\x00aAzZéßЖ中ا05٣_ \t\n\xa0.!"
_SINGLE = (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN)
_NEWLINE = (op.LITERAL, ord("\n"))
_WORD = (op.IN, [(op.CATEGORY, op.CATEGORY_WORD)])
#: What stands before the first character and after the last.
_EDGE = -1
#: A character, by its index in the alphabet, and the position that took it.
Place = tuple[int, int]
#: The characters between which a move is allowed, if that matters: pairs of the one before and the one after.
_Guard = frozenset[tuple[int, int]] | None


@dataclass(frozen=True, eq=False)
class _Step:
    """A move that takes no character; one that is not certain depends on what is around."""

    to: int
    between: _Guard = None
    certain: bool = True


@dataclass
class Automaton:
    """States and their moves; `alphabet` has a character for each kind that the expression tells apart.

    A position is a state that takes one character: `takes` says which (indexes of the alphabet) and `leads`
    the state after it. `start` and `successors[place]` count the ways to each next place, up to two.
    """

    alphabet: list[str]
    takes: dict[int, frozenset[int]] = field(default_factory=dict)
    leads: dict[int, int] = field(default_factory=dict)
    steps: dict[int, list[_Step]] = field(default_factory=lambda: defaultdict(list))
    states: int = 0
    start: dict[Place, int] = field(default_factory=dict)
    successors: dict[Place, dict[Place, int]] = field(default_factory=dict)

    def state(self) -> int:
        self.states += 1
        return self.states - 1

    def step(self, start: int, to: int, between: _Guard = None, *, certain: bool = True) -> None:
        self.steps[start].append(_Step(to, between, certain))

    def take(self, start: int, characters: frozenset[int]) -> int:
        """A move by one character from a state of its own; the state it leads to."""
        position, end = self.state(), self.state()
        self.step(start, position)
        self.takes[position], self.leads[position] = characters, end
        return end

    def after(self, state: int, previous: int) -> dict[Place, int]:
        """The places that follow a state, without a character between, with the number of ways up to two."""
        ways: dict[Place, int] = defaultdict(int)
        todo: list[tuple[int, frozenset[_Step], _Guard]] = [(state, frozenset(), None)]
        while todo:
            at, gone, between = todo.pop()
            for taken in self.takes.get(at, ()):
                if between is None or (previous, taken) in between:
                    ways[taken, at] = min(2, ways[taken, at] + 1)
            for step in self.steps[at]:
                if step not in gone:
                    todo.append((step.to, gone | {step}, _both(between, step.between)))
        return dict(ways)

    def ends(self, state: int, end: int) -> bool:
        """Whether the end can always be reached from a state without a character."""
        seen, todo = {state}, [state]
        while todo:
            for step in self.steps[todo.pop()]:
                if step.certain and step.to not in seen:
                    seen.add(step.to)
                    todo.append(step.to)
        return end in seen


def automaton(pattern: re.Pattern[Any], *, searched: bool, whole: bool) -> Automaton:
    """The automaton of a pattern.

    `searched` lets it begin anywhere; with `whole` it must reach the end of the text. Positions from which
    the match cannot fail are left out: nothing is tried twice there.
    """
    tree = _parser.parse(pattern.pattern, pattern.flags & ~re.DEBUG)
    atoms = _Atoms(tree, as_bytes=isinstance(pattern.pattern, bytes))
    made = Automaton(atoms.alphabet)
    start, begin = made.state(), made.state()
    if searched:
        made.step(made.take(start, frozenset(range(len(atoms.alphabet)))), start)
    made.step(start, begin)
    end = _Builder(made, atoms).sequence(tree, tree.state.flags, begin)
    sure = set() if whole else {position for position in made.takes if made.ends(made.leads[position], end)}

    def following(state: int, previous: int) -> dict[Place, int]:
        return {place: n for place, n in made.after(state, previous).items() if place[1] not in sure}

    made.start = following(start, _EDGE)
    for position in made.takes.keys() - sure:
        for taken in made.takes[position]:
            made.successors[taken, position] = following(made.leads[position], taken)
    return made


def _both(one: _Guard, other: _Guard) -> _Guard:
    if one is None or other is None:
        return one if other is None else other
    return one & other


class _Atoms:
    """What single characters an expression tells apart, and which of them each of its atoms takes."""

    def __init__(self, tree: _parser.SubPattern, *, as_bytes: bool) -> None:
        self._state = tree.state
        self._as_bytes = as_bytes
        found = list(self._atoms(tree, tree.state.flags))
        numbers = {ord(char) for char in _ORDINARY} | {n for atom, _ in found for n in self._numbers(atom)}
        limit = 0x100 if as_bytes else 0x110000
        chars = sorted({c for n in numbers for c in self._cases(n) if 0 <= c < limit}, key=self._plainness)
        rows = [self._row(atom, flags, chars) for atom, flags in found]
        kinds: dict[tuple[bool, ...], int] = {}
        for index in range(len(chars)):
            kinds.setdefault(tuple(row[index] for row in rows), index)
        kept = list(kinds.values())
        self.alphabet = [chr(chars[index]) for index in kept]
        every = (_EDGE, *range(len(kept)))
        self.around = [(before, after) for before in every for after in every]
        self._kinds = {repr(key): [row[i] for i in kept] for key, row in zip(found, rows, strict=True)}

    def taken(self, atom: Any, flags: int) -> frozenset[int]:
        """The characters, by index, that an atom takes."""
        return frozenset(i for i, taken in enumerate(self._kinds[repr((atom, flags))]) if taken)

    def _row(self, atom: Any, flags: int, chars: list[int]) -> list[bool]:
        tree = _parser.SubPattern(self._state, [atom])
        mask = re.IGNORECASE | re.DOTALL | re.ASCII | re.UNICODE | re.LOCALE
        kept, self._state.flags = self._state.flags, flags & mask
        try:
            matcher = _compiler.compile(tree)
        finally:
            self._state.flags = kept
        return [bool(matcher.fullmatch(bytes([c]) if self._as_bytes else chr(c))) for c in chars]

    @staticmethod
    def _plainness(number: int) -> tuple[bool, int]:
        return (not chr(number).isprintable(), number)

    @staticmethod
    def _cases(number: int) -> Iterator[int]:
        yield number
        if 0 <= number < 0x110000:
            yield from (ord(char) for char in chr(number).lower() + chr(number).upper())

    @classmethod
    def _numbers(cls, atom: Any) -> Iterator[int]:
        kind, value = atom
        if kind in (op.LITERAL, op.NOT_LITERAL):
            yield from (value, value + 1)
        elif kind is op.RANGE:
            yield from (value[0] - 1, value[0], value[1], value[1] + 1)
        elif kind is op.IN:
            for part in value:
                yield from cls._numbers(part)

    @classmethod
    def _atoms(cls, tree: Any, flags: int) -> Iterator[tuple[Any, int]]:
        for kind, value in tree:
            if kind in _SINGLE:
                yield (kind, value), flags
            elif kind is op.AT:
                yield from ((atom, flags) for atom in (_NEWLINE, _WORD))
            elif kind is op.BRANCH:
                for branch in value[1]:
                    yield from cls._atoms(branch, flags)
            elif kind is op.SUBPATTERN:
                _, added, removed, body = value
                yield from cls._atoms(body, (flags | added) & ~removed)
            elif kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
                yield from cls._atoms(value[2], flags)
            elif kind is op.ATOMIC_GROUP:
                yield from cls._atoms(value, flags)
            elif kind in (op.ASSERT, op.ASSERT_NOT):
                yield from cls._atoms(value[1], flags)
            elif kind is op.GROUPREF_EXISTS:
                for branch in value[1:]:
                    yield from cls._atoms(branch or (), flags)


class _Builder:
    """Adds the parts of an expression to an automaton."""

    def __init__(self, made: Automaton, atoms: _Atoms) -> None:
        self._made = made
        self._atoms = atoms
        self._groups: dict[int, tuple[Any, int]] = {}

    def sequence(self, tree: Any, flags: int, start: int) -> int:
        for kind, value in tree:
            start = self._part(kind, value, flags, start)
        return start

    def _part(self, kind: Any, value: Any, flags: int, start: int) -> int:
        if kind in _SINGLE:
            return self._made.take(start, self._atoms.taken((kind, value), flags))
        if kind is op.AT:
            return self._place(value, flags, start)
        if kind is op.BRANCH:
            return self._branches(value[1], flags, start)
        if kind is op.SUBPATTERN:
            group, added, removed, body = value
            flags = (flags | added) & ~removed
            self._groups[group] = (body, flags)
            return self.sequence(body, flags, start)
        if kind in (op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT):
            least, most, body = value
            return self._repeat(least, most, body, flags, start)
        if kind is op.ATOMIC_GROUP:
            return self.sequence(value, flags, start)
        if kind in (op.ASSERT, op.ASSERT_NOT):
            direction, body = value
            return self._look(direction, body, flags, start, wanted=kind is op.ASSERT)
        if kind is op.GROUPREF:
            return self.sequence(*self._groups[value], start)
        if kind is op.GROUPREF_EXISTS:
            return self._branches([branch or () for branch in value[1:]], flags, start)
        raise NotImplementedError(f"{kind} in a regular expression")

    def _place(self, place: Any, flags: int, start: int) -> int:
        end = self._made.state()
        newline, around = self._atoms.taken(_NEWLINE, flags), self._atoms.around
        lines = bool(flags & re.MULTILINE)
        word = self._atoms.taken(_WORD, flags)
        allowed: dict[Any, Callable[[int, int], bool]] = {
            op.AT_BEGINNING: lambda before, _: before == _EDGE or (lines and before in newline),
            op.AT_BEGINNING_STRING: lambda before, _: before == _EDGE,
            op.AT_END: lambda _, after: after == _EDGE or after in newline,
            op.AT_END_STRING: lambda _, after: after == _EDGE,
            op.AT_BOUNDARY: lambda before, after: (before in word) != (after in word),
            op.AT_NON_BOUNDARY: lambda before, after: (before in word) == (after in word),
        }
        self._made.step(
            start, end, frozenset(pair for pair in around if allowed[place](*pair)), certain=False
        )
        return end

    def _branches(self, branches: list[Any], flags: int, start: int) -> int:
        end = self._made.state()
        for branch in branches:
            begin = self._made.state()
            self._made.step(start, begin)
            self._made.step(self.sequence(branch, flags, begin), end)
        return end

    def _repeat(self, least: int, most: Any, body: Any, flags: int, start: int) -> int:
        made, end = self._made, self._made.state()
        endless = most is op.MAXREPEAT or most > _MANY
        for _ in range(min(least, _MANY) - (1 if endless and least else 0)):
            start = self.sequence(body, flags, start)
        if endless:
            loop = made.state()
            made.step(start, loop)
            done = self.sequence(body, flags, loop)
            made.step(done, loop)
            made.step(done if least else loop, end)
            return end
        for _ in range(most - least):
            made.step(start, end)
            start = self.sequence(body, flags, start)
        made.step(start, end)
        return end

    def _look(self, direction: int, body: Any, flags: int, start: int, *, wanted: bool) -> int:
        made, end = self._made, self._made.state()
        if direction > 0:
            begin = made.state()
            made.step(start, begin, certain=False)
            self.sequence(body, flags, begin)  # what it finds there leads no further
        between = None
        if len(body) == 1 and body[0][0] in _SINGLE:
            taken = self._atoms.taken(body[0], flags)
            side = direction > 0
            between = frozenset(pair for pair in self._atoms.around if (pair[side] in taken) == wanted)
        made.step(start, end, between, certain=False)
        return end
