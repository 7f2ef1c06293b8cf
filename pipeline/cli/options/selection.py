"""Options that several commands share: which documents are meant, and since when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast, get_args

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.entries import State
from docmill.pipeline.corpus.ledger.select import FAILED, Selection
from docmill.pipeline.intake.overdue import Why

__all__ = ["parse_duration", "parse_since", "selection", "whys"]

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def selection(
    *,
    failed: bool = False,
    states: Sequence[str] | None = None,
    reasons: Sequence[str] | None = None,
    batches: Sequence[str] | None = None,
    prefix: str = "",
    since: str = "",
) -> Selection:
    """The documents that the options mean; raises `BackendConfigError` for what cannot be understood."""
    known = get_args(State)
    if unknown := set(states or ()) - set(known):
        raise BackendConfigError(
            f"unknown state {', '.join(sorted(unknown))}; choose from {', '.join(known)}"
        )
    for reason in reasons or ():
        if not re.fullmatch("[a-z_]+", reason):
            raise BackendConfigError(f"--reason {reason!r} is no reason; `docmill documents` shows them")
    chosen = [*(cast("list[State]", states or [])), *(FAILED if failed else ())]
    return Selection(chosen, reasons or (), batches or (), prefix, parse_since(since))


def parse_since(text: str) -> datetime | None:
    """A day (UTC), a moment in ISO 8601, or a duration before now such as 24h; None of an empty text."""
    if not text:
        return None
    if duration := _duration(text):
        return datetime.now(UTC) - duration
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BackendConfigError(
            f"--since {text!r} is neither a day (2026-11-01) nor a duration (24h, 7d)"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_duration(text: str) -> timedelta:
    """A duration such as 30d or 12h; raises `BackendConfigError` for anything else."""
    duration = _duration(text)
    if duration is None:
        raise BackendConfigError(f"{text!r} is no duration such as 30m, 12h, 30d or 8w")
    return duration


def whys(*, interrupted: bool, missing: bool, failed: bool, stale: bool) -> list[Why]:
    """The reasons for a backfill that were chosen; all of them when none was."""
    chosen: dict[Why, bool] = {
        "interrupted": interrupted,
        "missing": missing,
        "failed": failed,
        "stale": stale,
    }
    return [why for why, wanted in chosen.items() if wanted or not any(chosen.values())]


def _duration(text: str) -> timedelta | None:
    found = re.fullmatch(r"(\d+)([mhdw])", text)
    return timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else None
