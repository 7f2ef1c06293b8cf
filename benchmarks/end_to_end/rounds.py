"""Rounds of all sides in turn, and whether they made the same documents."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from benchmarks.end_to_end.turns import Made, Turn

__all__ = ["Measured", "Ratio", "Rounds"]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One side's turns at one work.

    Documents that were not converted wholly in any turn, and those that are not what the first side made in
    its first turn; `promised`: that there are none of these.
    """

    work: str
    side: str
    documents: int
    pages: int
    promised: bool
    turns: list[Turn]
    not_converted: int
    differing: int
    left_out: list[str]
    differences: list[str]

    def median(self, of: Callable[[Turn], float]) -> float:
        """Of a figure of the turns."""
        return float(statistics.median(map(of, self.turns)))


class Ratio(msgspec.Struct, frozen=True, kw_only=True):
    """One side beside another, round by round; of speed more is better, of the others less."""

    work: str
    sides: str
    speed: list[float]
    own_cpu: list[float]
    all_cpu: list[float]
    told_cost: list[float]


@dataclass
class Rounds:
    """What the sides made so far, by side."""

    work: str
    pages: int
    promised: bool
    made: dict[str, list[Made]] = field(default_factory=dict)

    def take(self, sides: Sequence[str], count: int, turn: Callable[[str, int], Made]) -> None:
        """So many rounds of all sides, every other one backwards; `turn` takes the side and the round."""
        for number in range(count):
            for side in sides[::-1] if number % 2 else sides:
                self.made.setdefault(side, []).append(turn(side, number))

    def measured(self, sides: Sequence[str]) -> Iterator[Measured]:
        """The sides, each held against the first turn of the first."""
        first = self.made[sides[0]][0].hashes
        for side in sides:
            turns = self.made[side]
            differences = sorted({name for each in turns for name in _differing(first, each.hashes)})
            yield Measured(
                work=self.work,
                side=side,
                documents=len(first),
                pages=self.pages,
                promised=self.promised,
                turns=[each.turn for each in turns],
                not_converted=sum(each.turn.documents - each.turn.converted for each in turns),
                differing=len(differences),
                left_out=[reason for each in turns for reason in each.left_out],
                differences=differences,
            )

    def ratios(self, sides: Sequence[str]) -> Iterator[Ratio]:
        """Each side to the first, and the last to the one before it."""
        for one, other in [(side, sides[0]) for side in sides[1:]] + [(sides[-1], sides[-2])] * (
            len(sides) > 2
        ):
            pairs = [(a.turn, b.turn) for a, b in zip(self.made[one], self.made[other], strict=True)]
            yield Ratio(
                work=self.work,
                sides=f"{one} to {other}",
                speed=[a.page.command_pages_per_s / b.page.command_pages_per_s for a, b in pairs],
                own_cpu=[a.page.command_cpu_ms / b.page.command_cpu_ms for a, b in pairs],
                all_cpu=[a.all_cpu_ms / b.all_cpu_ms for a, b in pairs],
                told_cost=[a.told_usd / b.told_usd for a, b in pairs],
            )


def _differing(first: Mapping[str, str], other: Mapping[str, str]) -> Iterator[str]:
    return (name for name in {**first, **other} if first.get(name) != other.get(name))
