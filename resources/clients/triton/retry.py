"""Pauses between attempts: exponential, with full jitter, so that workers do not come back all at once."""

from __future__ import annotations

import random

__all__ = ["pause"]

_FIRST_S, _LONGEST_S = 0.5, 8.0


def pause(attempt: int) -> float:
    """Seconds to wait after the attempt of that number, counted from 1."""
    longest = min(_LONGEST_S, _FIRST_S * 2 ** min(attempt - 1, 10))
    return random.uniform(0.0, longest)
