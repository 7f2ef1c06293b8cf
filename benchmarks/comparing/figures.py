"""From measurements of two commits to figures: medians of both, and their ratio."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import msgspec

from benchmarks.comparing.speed import Sample

__all__ = ["Figure", "figures"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity: medians over the rounds, and the median, least and largest of the rounds' own ratios.

    A ratio is after to before. Less is better of all quantities but pages a second.
    """

    step: str
    quantity: str
    before: float
    after: float
    ratio: float
    ratio_least: float
    ratio_most: float


_EVERY: Mapping[str, Callable[[Sample], float]] = MappingProxyType(
    {"CPU s": lambda sample: sample.cpu_s, "wall s": lambda sample: sample.wall_s}
)
_OF_PAGES: Mapping[str, Callable[[Sample], float]] = MappingProxyType(
    {
        "pages/s": lambda sample: sample.pages / sample.wall_s,
        "CPU ms a page": lambda sample: 1000 * sample.cpu_s / sample.pages,
    }
)


def figures(samples: Sequence[Sample]) -> list[Figure]:
    """The figures of each step, in the order of the steps. Each round must have both sides of a step."""
    return list(_figures(samples))


def _figures(samples: Sequence[Sample]) -> Iterator[Figure]:
    for step in dict.fromkeys(sample.step for sample in samples):
        own = [sample for sample in samples if sample.step == step]
        for quantity, value in (_OF_PAGES if own[0].pages else _EVERY).items():
            yield _figure(step, quantity, value, own)


def _figure(step: str, quantity: str, value: Callable[[Sample], float], own: Sequence[Sample]) -> Figure:
    rounds = sorted({sample.round for sample in own})

    def by_round(before: bool) -> list[float]:
        """A round's value: of a step that it takes several times, the median."""
        return [
            statistics.median(value(each) for each in own if each.round == number and each.before is before)
            for number in rounds
        ]

    then, now = by_round(before=True), by_round(before=False)
    ratios = [after / before for before, after in zip(then, now, strict=True)]
    return Figure(
        step=step,
        quantity=quantity,
        before=statistics.median(then),
        after=statistics.median(now),
        ratio=statistics.median(ratios),
        ratio_least=min(ratios),
        ratio_most=max(ratios),
    )
