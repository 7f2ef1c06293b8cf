"""How much longer a server finds inferences than its backend says: it also counts the way between the two."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, linear_regression, quantiles

from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.metering.tally import Asked
from docmill.resources.clients.metering.told import Done

__all__ = ["Calibration"]

#: Fewer inferences say nothing.
_ENOUGH = 16
#: So many looks are kept; then every other one goes.
_MOST_LOOKS = 1000
_FEW = 4
#: One look in so many has been told of all that was counted.
_FRESH = 10
#: More than that is not the way.
_MOST = 2.0
#: So many standard errors are taken for chance.
_BY_CHANCE = 3


@dataclass(frozen=True)
class _Look:
    """What the server has counted, and what its instances have told."""

    counted: int
    counted_ns: int
    told: int
    told_ns: int

    @property
    def ahead(self) -> int:
        """Inferences that were counted and not told, besides those from before the first look."""
        return self.counted - self.told


class Calibration:
    """Compares how both books grow, whoever asked for it."""

    def __init__(self) -> None:
        self._first: dict[int, Done] = {}
        self._looks: list[_Look] = []

    def look(self, counted: Counters, asked: Asked) -> None:
        """What has been counted by now, and what has been told."""
        latest = asked.instances
        if latest.keys() - self._first.keys():
            self._looks = []  # what a new one did before was counted, and never told
        self._first = {**latest, **self._first}
        told = sum(done.items - self._first[each].items for each, done in latest.items())
        told_ns = sum(done.device_ns - self._first[each].device_ns for each, done in latest.items())
        if latest and (not self._looks or told > self._looks[-1].told):
            self._looks.append(_Look(counted.inferences, counted.device_ns, told, told_ns))
        if len(self._looks) > _MOST_LOOKS:
            del self._looks[1::2]

    @property
    def factor(self) -> float:
        """What told seconds are to be taken times; 1 as long as nobody knows.

        An instance tells of others' inferences when it next does one of the step's, so of most looks nobody
        knows what was counted and not told. By those that are least ahead all was told. Even through them a
        line may rise too much by chance: what its scatter explains is no way (the positive part of James and
        Stein's estimator, towards 1).
        """
        if len(self._looks) < _FEW or self._looks[-1].told < _ENOUGH:
            return 1.0
        ahead = quantiles((look.ahead for look in self._looks), n=_FRESH, method="inclusive")[0]
        pairs = [
            (look.told_ns, counted_ns)
            for look in self._looks
            if look.ahead <= ahead and (counted_ns := self._counted_ns(look.told + ahead)) is not None
        ]
        if len(pairs) < _FEW or pairs[0][0] == pairs[-1][0]:
            return 1.0
        slope, error = _line(pairs)
        way = slope - 1.0
        if way <= _BY_CHANCE * error:
            return 1.0
        return min(1.0 + way * (1.0 - (_BY_CHANCE * error / way) ** 2), _MOST)

    def _counted_ns(self, inferences: float) -> float | None:
        """The counted time when so many were counted; between two looks it grows evenly."""
        after = bisect_left(self._looks, inferences, key=lambda look: look.counted)
        if after == len(self._looks):
            return None
        right = self._looks[after]
        if right.counted == inferences:
            return right.counted_ns
        if not after:
            return None
        left = self._looks[after - 1]
        part = (inferences - left.counted) / (right.counted - left.counted)
        return left.counted_ns + part * (right.counted_ns - left.counted_ns)


def _line(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The slope of the line through three pairs or more, and its standard error."""
    across, up = zip(*pairs, strict=True)
    slope, start = linear_regression(across, up)
    middle = fmean(across)
    off = sum((y - start - slope * x) ** 2 for x, y in pairs)
    return slope, sqrt(off / (len(pairs) - 2) / sum((x - middle) ** 2 for x in across))
