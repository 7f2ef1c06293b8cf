"""Texts on which a regular expression takes more than linear time: found in its automaton, then tried.

A matcher that backtracks takes exponential time where a loop can take the same text in two ways, and
polynomial time where two loops, one after the other, can (Weideman et al., "Analyzing matching time behavior
of backtracking regular expression matchers by using ambiguity of NFA", CIAA 2016). Not every ambiguity costs:
trying tells.
"""

from __future__ import annotations

import re
import signal
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeVar

from tests.patterns.automaton import Automaton, Place, automaton

__all__ = ["LENGTH", "METHODS", "Attack", "ambiguities", "slow_text", "takes_long"]

#: Characters at which a quadratic time is seconds and a linear one milliseconds.
LENGTH = 50_000
#: Seconds of this process's own time, whatever else the machine does.
_LIMIT_S = 0.25
#: What is done with a pattern, by the name of its method.
METHODS: dict[str, Callable[[re.Pattern[Any], Any], object]] = {
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "search": lambda pattern, text: pattern.search(text),
    "split": lambda pattern, text: pattern.split(text),
    "findall": lambda pattern, text: pattern.findall(text),
    "finditer": lambda pattern, text: deque(pattern.finditer(text), maxlen=0),
    "sub": lambda pattern, text: pattern.sub(text[:0], text),
    "subn": lambda pattern, text: pattern.subn(text[:0], text),
}
_Node = TypeVar("_Node", bound=Hashable)


@dataclass(frozen=True)
class Attack:
    """A text that leads to an ambiguity, one that goes round it, and ends that may make the match fail."""

    prefix: str
    pump: str
    suffixes: tuple[str, ...]

    def texts(self, length: int) -> Iterator[str]:
        """The text at about a length, with each of its ends."""
        body = self.prefix + self.pump * max(1, length // len(self.pump))
        return (body + suffix for suffix in self.suffixes)


class _TooLongError(Exception):
    """The time is up."""


def takes_long(pattern: re.Pattern[Any], method: str, text: str | bytes, limit_s: float = _LIMIT_S) -> bool:
    """Whether a pattern takes longer than so many seconds of the processor; only in the main thread."""

    def stop(_signal: int, _frame: object) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, limit_s)
    try:
        try:
            METHODS[method](pattern, text)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _TooLongError:
        return True
    finally:
        signal.signal(signal.SIGVTALRM, before)
    return False


def slow_text(pattern: re.Pattern[Any], method: str) -> Attack | None:
    """The first ambiguity of a pattern that takes it more than linear time."""
    as_bytes = isinstance(pattern.pattern, bytes)
    for attack in ambiguities(pattern, method):
        for text in attack.texts(LENGTH):
            if takes_long(pattern, method, text.encode("latin-1") if as_bytes else text):
                return attack
    return None


def ambiguities(pattern: re.Pattern[Any], method: str) -> list[Attack]:
    """Every ambiguity of a pattern: those that are exponential, then those that are polynomial."""
    made = automaton(pattern, searched=method not in ("match", "fullmatch"), whole=method == "fullmatch")
    search = _Search(made)
    suffixes = ("", *made.alphabet)
    found = dict.fromkeys((*search.exponential(), *search.polynomial()))
    return [Attack(prefix, pump, suffixes) for prefix, pump in found]


@dataclass
class _Search:
    """Looks for ambiguities."""

    made: Automaton

    def exponential(self) -> Iterator[tuple[str, str]]:
        """Loops from a place to itself that can be gone two ways with the same text."""
        for loop in self._loops:
            for place in sorted(loop):
                begin, goal = (*place, place[1], False), (*place, place[1], True)
                for pump in _paths(begin, partial(self._two, loop=loop), goal):
                    yield self._prefix(place), self._text(pump)

    def polynomial(self) -> Iterator[tuple[str, str]]:
        """Loops with a way from the first to the second, all three with the same text."""
        for first in self._loops:
            for second in self._loops:
                if first is second or not self._ahead[min(first)] >= second:
                    continue
                between = self._ahead[min(first)] & self._behind(second)
                for taken, one in sorted(first):
                    for two in sorted(position for other, position in second if other == taken):
                        for pump in _paths(
                            (taken, one, one, two),
                            partial(self._three, first=first, between=between, second=second),
                            (taken, one, two, two),
                        ):
                            yield self._prefix((taken, one)), self._text(pump)

    def _two(
        self, node: tuple[int, int, int, bool], loop: frozenset[Place]
    ) -> Iterator[tuple[int, int, int, bool]]:
        before, one, two, parted = node
        for (taken, a), ways in self.made.successors[before, one].items():
            for other, b in self.made.successors[before, two]:
                if other == taken and loop >= {(taken, a), (taken, b)}:
                    yield taken, a, b, parted or a != b or (one == two and ways > 1)

    def _three(
        self,
        node: tuple[int, int, int, int],
        first: frozenset[Place],
        between: frozenset[Place],
        second: frozenset[Place],
    ) -> Iterator[tuple[int, int, int, int]]:
        before, one, middle, two = node
        for taken, a in self.made.successors[before, one].keys() & first:
            thirds = [c for other, c in self.made.successors[before, two].keys() & second if other == taken]
            if thirds:
                for other, b in self.made.successors[before, middle].keys() & between:
                    if other == taken:
                        yield from ((taken, a, b, c) for c in thirds)

    def _prefix(self, place: Place) -> str:
        """The shortest text that leads to a place, the place's own character included."""
        path = _path((-1, -1), lambda at: self.made.successors[at] if at[0] >= 0 else self.made.start, place)
        return self._text(path)

    def _text(self, characters: list[int]) -> str:
        return "".join(self.made.alphabet[character] for character in characters)

    @cached_property
    def _ahead(self) -> dict[Place, frozenset[Place]]:
        """The places that each place in reach can reach in one step or more."""
        return {place: self._reached(self.made.successors[place]) for place in self._reached(self.made.start)}

    def _reached(self, places: Iterable[Place]) -> frozenset[Place]:
        seen, todo = set(places), list(places)
        while todo:
            new = self.made.successors[todo.pop()].keys() - seen
            seen |= new
            todo += new
        return frozenset(seen)

    @cached_property
    def _loops(self) -> list[frozenset[Place]]:
        """Places that reach each other, and so themselves."""
        return list(
            dict.fromkeys(
                frozenset(to for to in ahead if place in self._ahead[to])
                for place, ahead in self._ahead.items()
                if place in ahead
            )
        )

    def _behind(self, loop: frozenset[Place]) -> frozenset[Place]:
        return frozenset(place for place, ahead in self._ahead.items() if ahead >= loop)


def _paths(
    begin: tuple[Any, ...], following: Callable[[Any], Iterable[Any]], goal: tuple[Any, ...]
) -> Iterator[list[int]]:
    """The shortest path to a goal of its first character alone, and of any: with others it may match."""
    alone = _path(begin, lambda node: (to for to in following(node) if to[0] == begin[0]), goal)
    mixed = _path(begin, following, goal)
    yield from filter(None, (alone, mixed))


def _path(begin: _Node, following: Callable[[_Node], Iterable[_Node]], goal: _Node) -> list[int]:
    """The characters, each a node's first item, on the shortest path from a begin to a goal; or none."""
    came: dict[_Node, _Node | None] = {begin: None}
    todo = deque([begin])
    while todo:
        node = todo.popleft()
        for to in following(node):
            if to not in came:
                came[to] = node
                todo.append(to)
                if to == goal:
                    return _back(came, to)
    return []


def _back(came: dict[Any, Any], node: Any) -> list[int]:
    path = []
    while came[node] is not None:
        path.append(node[0])
        node = came[node]
    return path[::-1]
