"""Pauses between attempts: exponential, with full jitter, so that workers do not come back all at once."""

from __future__ import annotations

import random

__all__ = ["pause"]


def pause(attempt: int, first_s: float = 0.5, longest_s: float = 8.0) -> float:
    """Seconds to wait after an attempt, counted from 1: up to `first_s`, then twice that, and so on."""
    return random.uniform(0.0, min(longest_s, first_s * 2 ** min(attempt - 1, 30)))
