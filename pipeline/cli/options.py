"""Options that several commands share: which documents are meant, and since when."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import cast, get_args

from pipeline.convert.errors import BackendConfigError
from pipeline.ledger.rows import State
from pipeline.ledger.select import FAILED, Selection

__all__ = ["parse_since", "selection"]

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
    if duration := re.fullmatch(r"(\d+)([mhdw])", text):
        return datetime.now(UTC) - timedelta(**{_UNITS[duration[2]]: int(duration[1])})
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise BackendConfigError(
            f"--since {text!r} is neither a day (2026-11-01) nor a duration (24h, 7d)"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
