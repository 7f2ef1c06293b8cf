"""What the commands that run a server here share: signals, and words on standard error."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

from docmill.pipeline.cli.ending.interrupting import leave_signals

__all__ = ["announcer", "until_stopped"]


@contextmanager
def until_stopped(console: Console) -> Iterator[None]:
    """Until a signal says to stop; the server inside is stopped then, whatever ends this process."""
    leave_signals()
    for number in (signal.SIGINT, signal.SIGTERM):  # shells ignore SIGINT for jobs
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        console.print("The server has stopped.")


def announcer(console: Console) -> Callable[[str], None]:
    """Says what is begun and takes a while."""
    return lambda words: console.print(f"{escape(words)} ...")
