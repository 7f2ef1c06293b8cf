"""A worker process as its parent sees it: forked, asked through a pipe, killed if need be."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from types import ModuleType
from typing import Any, Self

from docmill.pipeline.convert.errors import DocumentError, document_error
from docmill.pipeline.stages.running.workers.serving import Request, serve
from docmill.pipeline.stages.running.workers.signals import uninterrupted

__all__ = ["GRACE_S", "WorkerProcess"]

#: A worker that is told to end or to rest, or has lost its pipe, may take so long before it is killed.
GRACE_S = 5.0


@dataclass
class WorkerProcess:
    """`done` are the tasks that it has done, `cpu_seconds` what it had computed when it last came to rest."""

    process: ForkServerProcess
    pipe: Connection
    memory_mb: int
    done: int = 0
    cpu_seconds: float = 0.0

    @classmethod
    def start(cls, memory_mb: int, preload: Sequence[str]) -> Self:
        """A new one, which holds nothing. The fork server imports `preload` when it starts with the first."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(preload))
        ours, theirs = context.Pipe()
        process = context.Process(target=serve, args=(theirs, memory_mb), name="docmill-worker", daemon=True)
        with _hidden_main(), uninterrupted():
            process.start()
        theirs.close()
        return cls(process, ours, memory_mb)

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid or 0

    @property
    def exit_code(self) -> int | None:
        """How it ended; the negated signal where one ended it. None while it lives."""
        return self.process.exitcode

    def ask(self, request: Request) -> None:
        """Send a request. That it has died is found out by whoever waits for the answer."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send(request)

    def rested(self, until: float) -> bool:
        """Whether it has come to rest, which it was asked to, by this time of `time.monotonic`."""
        try:
            if not self.pipe.poll(max(0.0, until - time.monotonic())):
                return False
            answer: tuple[Any, ...] = self.pipe.recv()
        except (EOFError, OSError):
            return False
        self.cpu_seconds = answer[2]
        return True

    def end(self) -> None:
        """Have it end by itself; `join` waits for that."""
        self.pipe.close()  # its loop ends at end-of-file

    def join(self) -> None:
        """Wait until it has ended, and kill it when it does not."""
        self.process.join(GRACE_S)
        if self.process.is_alive():
            self.kill()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.join(GRACE_S)
        self.pipe.close()

    def post_mortem(self) -> DocumentError:
        """Why it died, as far as its exit status tells.

        PDFium aborts where it gets no memory, and traps (SIGTRAP, SIGILL) or faults where it is wrong.
        """
        code = self.exit_code
        if code == -signal.SIGKILL:
            return document_error(
                "out_of_memory",
                "its worker was killed (signal KILL), most likely by the kernel for its memory",
            )
        if code == -signal.SIGABRT and self.memory_mb:
            return document_error(
                "out_of_memory",
                f"its worker aborted, most likely for want of memory; the limit is {self.memory_mb} MB",
            )
        if code is not None and code < 0:
            return document_error("crashed", f"its worker died of signal {signal.Signals(-code).name}")
        return document_error("crashed", f"its worker ended with exit status {code}")


@contextmanager
def _hidden_main() -> Iterator[None]:
    """Keep multiprocessing from importing `__main__` again in the worker.

    Workers need nothing of it, and it may be Dagster's command line: seconds and megabytes for each.
    """
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main
