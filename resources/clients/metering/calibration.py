"""How much longer a server finds inferences than its backend says: it also counts the way between the two."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from statistics import linear_regression, median_low

from docmill.resources.clients.metering.counters import Counters
from docmill.resources.clients.metering.tally import Asked
from docmill.resources.clients.metering.told import Done

__all__ = ["Calibration"]

#: Fewer inferences say nothing.
_ENOUGH = 16
#: So many looks are kept; then every other one goes.
_MOST_LOOKS = 1000
_FEW = 3
#: More than that is not the way.
_MOST = 2.0


@dataclass(frozen=True)
class _Look:
    """What the server has counted, and what its instances have told."""

    counted: int
    counted_ns: int
    told: int
    told_ns: int


class Calibration:
    """Compares how both books grow, whoever asked for it."""

    def __init__(self) -> None:
        self._first: dict[int, Done] = {}
        self._looks: list[_Look] = []

    def look(self, counted: Counters, asked: Asked) -> None:
        """What has been counted by now, and what has been told."""
        latest = asked.instances
        self._first = {**latest, **self._first}
        told = sum(done.items - self._first[each].items for each, done in latest.items())
        told_ns = sum(done.device_ns - self._first[each].device_ns for each, done in latest.items())
        if latest and (not self._looks or told > self._looks[-1].told):
            self._looks.append(_Look(counted.inferences, counted.device_ns, told, told_ns))
        if len(self._looks) > _MOST_LOOKS:
            del self._looks[1::2]

    @property
    def factor(self) -> float:
        """What told seconds are to be taken times; 1 as long as nobody knows."""
        if not self._looks or self._looks[-1].told < _ENOUGH:
            return 1.0
        # of others' inferences nobody is told at once
        ahead = median_low(look.counted - look.told for look in self._looks)
        pairs = [
            (look.told_ns, counted_ns)
            for look in self._looks
            if (counted_ns := self._counted_ns(look.told + ahead)) is not None
        ]
        if len(pairs) < _FEW or pairs[0][0] == pairs[-1][0]:
            return 1.0
        return min(max(1.0, linear_regression(*zip(*pairs, strict=True)).slope), _MOST)

    def _counted_ns(self, inferences: int) -> float | None:
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
