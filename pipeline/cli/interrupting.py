"""Ctrl-C and SIGTERM, at whatever moment: one line says that it can go on, and what was begun ends.

Everything that docmill keeps is written whole, so that it may end anywhere. A process that has workers and a
Dagster run in hand is given some seconds to put them away; one that has not, or that does not, ends at once.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType

__all__ = ["MESSAGE", "Interruptions", "leave_signals"]

MESSAGE = "docmill: interrupted; the same command goes on where it was"
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
#: To put workers and runs away.
_PATIENCE_S = 20.0
_SHOW_CURSOR = "\x1b[?25h"


class Interruptions:
    """Watches for signals while a command runs; use as a context manager, in the main thread.

    A thread reads what comes, since the main thread may be in the middle of an import, a checksum or a
    cleanup that swallows exceptions, and since Dagster puts handlers of its own in place of ours.
    """

    def __init__(self) -> None:
        #: The first signal that came.
        self.signal: int | None = None
        self._unwinding = False
        self._before: dict[int, object] = {}
        self._told = threading.Lock()

    def __enter__(self) -> Interruptions:
        """Take the signals over; those that are ignored, as jobs of shells ignore them, stay so."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._taken = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
        for each in self._taken:
            self._before[each] = signal.signal(each, self._raise)
        threading.Thread(target=self._watch, name="signals", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """After a signal whatever was raised is what came of it: say one line, and end with its number."""
        if self.signal is not None:
            self._say()
            # nothing that ends with the process has more to say
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
            raise SystemExit(128 + self.signal) from None

    @contextmanager
    def unwinding(self) -> Iterator[None]:
        """Within it a signal is raised as KeyboardInterrupt first; outside of it the process ends at once."""
        before = sys.unraisablehook
        self._unwinding, sys.unraisablehook = True, self._lost
        try:
            yield
        finally:
            self._unwinding, sys.unraisablehook = False, before

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        if self._unwinding:
            raise KeyboardInterrupt

    def _watch(self) -> None:
        patience: threading.Timer | None = None
        while came := os.read(self._read, 1):
            number = came[0]
            if number not in self._taken:
                continue
            if self.signal is not None or not self._unwinding:
                self.signal = self.signal or number
                self._end()
            self.signal = number
            patience = threading.Timer(_PATIENCE_S, self._end)
            patience.daemon = True
            patience.start()

    def _lost(self, unraisable: sys.UnraisableHookArgs) -> None:
        """An exception that nobody can catch: if it was the interruption, it would have gone unheard."""
        if self.signal is not None:
            self._end()
        sys.__unraisablehook__(unraisable)

    def _end(self) -> None:
        self._say()
        os._exit(128 + (self.signal or signal.SIGINT))

    def _say(self) -> None:
        """Once, past whatever holds `sys.stderr`."""
        if self._told.acquire(blocking=False):
            shown = _SHOW_CURSOR if os.isatty(2) else ""
            with suppress(OSError):
                os.write(2, f"{shown}{MESSAGE}\n".encode())


def leave_signals() -> None:
    """For commands that run servers: what signals mean is theirs to say."""
    signal.set_wakeup_fd(-1)
