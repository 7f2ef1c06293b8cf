"""What a worker process does from its start to its end: it does what its parent asks, and answers.

It holds a context, made by a function, works with it, and rests, without it, until it is to hold another one.
Answers are `(kind, value, CPU seconds, spans)`.
"""

from __future__ import annotations

import gc
import importlib
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from typing import Any, Literal, TypeAlias

from docmill.pipeline.convert.errors import BackendError, DocumentError
from docmill.resources.clients.tracing.spans import Carried, recording

__all__ = ["Hold", "Request", "Rest", "Work", "serve"]

#: Make a context by a function, `package.module:function`, with these arguments.
Hold: TypeAlias = tuple[Literal["hold"], str, tuple[Any, ...]]
#: Call a function with the context and these arguments.
Work: TypeAlias = tuple[Literal["work"], str, tuple[Any, ...], Carried | None]
#: Forget the context.
Rest: TypeAlias = tuple[Literal["rest"]]
Request: TypeAlias = Hold | Work | Rest

_MEGABYTE = 1 << 20


def serve(pipe: Connection, memory_mb: int) -> None:
    """The worker's loop: runs until the other end of the pipe closes, or it cannot hold what it is to."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then stops us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if memory_mb:
        _limit_memory(memory_mb * _MEGABYTE)
    context: Any = None
    while True:
        try:
            request: Request = pipe.recv()
        except (EOFError, OSError):
            return
        match request:
            case ("hold", function, args):
                try:
                    context = _look_up(function)(*args)
                except BackendError as error:
                    pipe.send(("backend", error, 0.0, []))
                    return
                answer = ForkingPickler.dumps(("ready", (os.getppid(), time.time_ns()), 0.0, []))
            case ("work", function, args, carried):
                answer = _answer(function, (context, *args), carried)
            case _:
                context = None
                gc.collect()  # the next stage is not to begin with the memory of this one
                answer = ForkingPickler.dumps(("resting", None, time.process_time(), []))
        try:
            pipe.send_bytes(answer)
        except OSError:
            return


def _end_with_parent() -> None:
    """A parent that is killed cannot stop its workers, and one that hangs would never notice."""
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


def _limit_memory(size: int) -> None:
    """Allow so many bytes on top of what the fork server already holds, which workers share."""
    import resource  # not on Windows

    statm = Path("/proc/self/statm")
    shared = int(statm.read_text().split()[5]) * resource.getpagesize() if statm.exists() else 0
    resource.setrlimit(resource.RLIMIT_DATA, (shared + size, shared + size))


def _answer(function: str, args: tuple[Any, ...], carried: Carried | None) -> Any:
    """The pickled message that tells the parent what came of a task, with the spans within its own."""
    began = time.process_time()  # of all threads
    with recording(carried) as spans:
        try:
            value = _look_up(function)(*args)
            return ForkingPickler.dumps(("ok", value, time.process_time() - began, spans))
        except Exception as error:  # noqa: BLE001 - one document's surprise must not end the batch
            explanation = _explain(error)
    # the error has gone, and with it the memory that it held
    return ForkingPickler.dumps((*explanation, time.process_time() - began, spans))


def _explain(error: Exception) -> tuple[str, Any]:
    match error:
        case DocumentError():
            return "document", (error.reason, error.message, error.page)
        case BackendError():
            return "backend", error
        case MemoryError():
            return "document", ("out_of_memory", "the worker reached its memory limit", None)
        case _:
            return "document", ("internal", f"{type(error).__name__}: {error} ({_where(error)})", None)


def _look_up(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    if trace is None:
        return "nowhere"
    return f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}"
