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
_BEHIND_S = 0.1
#: Statuses of commands that came to their end.
_ENDS = (None, 0, 1)
_SHOW_CURSOR = "\x1b[?25h"


class Interruptions:
    """Watches for signals while a command runs; use as a context manager, in the main thread.

    A thread reads what comes, since the main thread may be in the middle of an import, a checksum or a
    cleanup that swallows exceptions, and since Dagster puts handlers of its own in place of ours.
    """

    def __init__(self) -> None:
        self._first: int | None = None
        self._heard = threading.Event()
        self._unwinding = False
        self._told = threading.Lock()

    def __enter__(self) -> Interruptions:
        """Take the signals over; those that are ignored, as jobs of shells ignore them, stay so."""
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self._taken = [each for each in _SIGNALS if signal.getsignal(each) is not signal.SIG_IGN]
        for each in _SIGNALS:
            signal.signal(each, self._raise)
        threading.Thread(target=self._watch, name="signals", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """After a signal whatever was raised is what came of it: say one line, and end with its number."""
        ended = isinstance(error, SystemExit) and error.code in _ENDS
        if self._heard.is_set() if ended or error is None else self.interrupted():
            self._say()
            # nothing that ends with the process has more to say
            sys.stderr = open(os.devnull, "w")  # noqa: SIM115, PTH123
            raise SystemExit(self._status()) from None

    def interrupted(self) -> bool:
        """Whether a signal came, and what is raised now is what came of it."""
        # the thread that hears of them may be a moment behind the one that they were raised in
        return self._heard.wait(_BEHIND_S)

    @contextmanager
    def unwinding(self) -> Iterator[None]:
        """Within it a signal is raised as KeyboardInterrupt first; outside of it the process ends at once."""
        before = sys.unraisablehook
        self._unwinding, sys.unraisablehook = True, self._lost
        try:
            yield
        finally:
            self._unwinding, sys.unraisablehook = False, before

    def _raise(self, number: int, _frame: FrameType | None) -> None:
        if self._unwinding and number in self._taken:
            _hush()
            raise KeyboardInterrupt

    def _watch(self) -> None:
        patience: threading.Timer | None = None
        while came := os.read(self._read, 1):
            number = came[0]
            if number not in self._taken:
                continue
            again = self._first is not None
            self._first = self._first or number
            self._heard.set()
            _hush()
            if again or not self._unwinding:
                self._end()
            patience = threading.Timer(_PATIENCE_S, self._end)
            patience.daemon = True
            patience.start()

    def _lost(self, unraisable: sys.UnraisableHookArgs) -> None:
        """An exception that nobody can catch: if it was the interruption, it would have gone unheard."""
        if self.interrupted():
            self._end()
        sys.__unraisablehook__(unraisable)

    def _end(self) -> None:
        self._say()
        os._exit(self._status())

    def _status(self) -> int:
        """The exit status by which shells know a signal."""
        return 128 + (self._first or signal.SIGINT)

    def _say(self) -> None:
        """Once, past whatever holds `sys.stderr`."""
        if self._told.acquire(blocking=False):
            shown = _SHOW_CURSOR if os.isatty(2) else ""
            with suppress(OSError):
                os.write(2, f"{shown}{MESSAGE}\n".encode())


def _hush() -> None:
    """What is logged from now on is what came of the interruption."""
    if logging := sys.modules.get("logging"):  # importing it would take longer than what there is to do
        logging.disable()


def leave_signals() -> None:
    """For commands that run servers, or watch others' runs: what signals mean is theirs to say."""
    signal.set_wakeup_fd(-1)
