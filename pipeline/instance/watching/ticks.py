"""How the ticks of sensors and schedules went, as the instance keeps them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import dagster as dg

from docmill.pipeline.instance.dagster_internals import (
    InstigatorState,
    InstigatorTick,
    InstigatorType,
    TickStatus,
    location_of_instigator,
    reason_of,
    switched_on_at,
)

__all__ = ["Ticker", "tickers"]

_GOOD = (TickStatus.SUCCESS, TickStatus.SKIPPED)
_ENDED = (*_GOOD, TickStatus.FAILURE)


@dataclass(frozen=True)
class Ticker:
    """A sensor or a schedule that is switched on.

    `failed` of its last ticks failed in a row, of those that were asked for, the latest because of `error`.
    `last` is when a tick came to an end, `last_good` when one went well or it was switched on.
    """

    name: str
    is_sensor: bool
    failed: int
    error: str
    last: datetime | None
    last_good: datetime | None


def tickers(
    instance: dg.DagsterInstance, names: Collection[str], ticks: int, location: str | None = None
) -> dict[str, Ticker]:
    """Those of these names that are on, by name, with how many of the last `ticks` failed.

    Of the code location `location`, where it is known; else of the one that ticked last, for an instance
    keeps what was in code locations that are gone.
    """
    found: dict[str, list[tuple[Ticker, bool]]] = {}
    for state in instance.all_instigator_state():
        if state.instigator_name in names and location in (None, location_of_instigator(state)):
            made = _ticker(instance, state, ticks)
            found.setdefault(made.name, []).append((made, state.is_running))
    newest = (max(each, key=lambda pair: _latest(pair[0])) for each in found.values())
    return {ticker.name: ticker for ticker, is_on in newest if is_on}


def _ticker(instance: dg.DagsterInstance, state: InstigatorState, ticks: int) -> Ticker:
    def last(count: int, statuses: Iterable[TickStatus]) -> list[InstigatorTick]:
        return list(
            instance.get_ticks(
                state.instigator_origin_id, state.selector_id, limit=count, statuses=list(statuses)
            )
        )

    ended, good = last(ticks, _ENDED), last(1, _GOOD)
    failed = next(
        (count for count, tick in enumerate(ended) if tick.status is not TickStatus.FAILURE), len(ended)
    )
    times = [good[0].timestamp] if good else []
    if (on := switched_on_at(state)) is not None:
        times.append(on)
    return Ticker(
        name=state.instigator_name,
        is_sensor=state.instigator_type is InstigatorType.SENSOR,
        failed=failed,
        error=reason_of(ended[0].error) if failed and ended[0].error else "",
        last=_time(ended[0].timestamp) if ended else None,
        last_good=_time(max(times)) if times else None,
    )


def _latest(ticker: Ticker) -> datetime:
    return ticker.last or datetime.min.replace(tzinfo=UTC)


def _time(timestamp: float) -> datetime:
    return datetime.fromtimestamp(timestamp, UTC)
