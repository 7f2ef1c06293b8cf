"""Ctrl-C, while processes are started that are not to hear it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

__all__ = ["uninterrupted"]


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Ctrl-C is for this process alone, which then stops the others.

    The fork server, and through it each worker, begins with the signals that are blocked here: a terminal
    sends it to all of them, and what is in the middle of its imports would write a traceback.
    """
    resource_tracker.ensure_running()  # which unblocks them, when it is the fork server that starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
