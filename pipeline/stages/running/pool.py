"""Apply a function to many tasks in killable worker processes: deadlines, memory limits, typed failures.

PDFium is not thread-safe and PDFs are hostile: a worker may hang, exhaust its memory or be killed by the
kernel. Each worker has a pipe of its own, so that one which dies in the middle of a message harms no other,
and the pool replaces it. What was lost with it is reported as a `Failure`; the caller decides what to do.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerProcess
from multiprocessing.reduction import ForkingPickler
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Generic, TypeVar

from docmill.pipeline.convert.errors import BackendConfigError, BackendError, DocumentError, document_error
from docmill.pipeline.stages.running.ended_children import EndedChildren
from docmill.resources.clients.tracing.spans import (
    NO_SPAN,
    Attributes,
    Carried,
    Span,
    recording,
)

__all__ = ["Failure", "Success", "Task", "WorkerLimits", "WorkerPool"]

T = TypeVar("T")
_MEGABYTE = 1 << 20
#: A worker that is told to end, or has lost its pipe, may take so long before it is killed.
_GRACE_S = 5.0
#: The first worker waits for the fork server's imports.
_START_S = 120.0
#: So many workers in a row may be killed before they are ready; then they are taken not to start at all.
_KILLED_STARTS = 3


@dataclass(frozen=True)
class WorkerLimits:
    """What the pool allows: `memory_mb` bounds the private memory of each worker (0: no bound)."""

    workers: int = 2
    memory_mb: int = 4096
    #: A worker is replaced after so many tasks, so that leaks in native code stay bounded (0: never).
    tasks_per_worker: int = 2000


@dataclass(frozen=True)
class Task(Generic[T]):
    """One unit of work: `function(context, *args)` in a worker, within `timeout_s` seconds.

    The function is named, `package.module:function`, and looked up in the worker: what it imports, seconds
    of it, the parent never needs. Each attempt is a span `chunk` of the span `within`, with the attributes
    `about`.
    """

    key: T
    function: str
    args: tuple[Any, ...]
    timeout_s: float
    within: Span = NO_SPAN
    about: Attributes = field(default_factory=dict)


@dataclass(frozen=True)
class Success(Generic[T]):
    """A task's return value, and the wall and CPU seconds that it took in its worker (a process id)."""

    task: Task[T]
    value: Any
    seconds: float
    cpu_seconds: float
    worker: int = 0


@dataclass(frozen=True)
class Failure(Generic[T]):
    """A task that raised a `DocumentError`, or lost its worker (`worker_lost`), and its CPU time with it."""

    task: Task[T]
    error: DocumentError
    seconds: float
    cpu_seconds: float = 0.0
    worker_lost: bool = False
    worker: int = 0


@dataclass
class _Worker:
    process: ForkServerProcess
    pipe: Connection
    task: Task[Any] | None = None
    started: float = 0.0
    done: int = 0
    ready: bool = False
    span: Span = NO_SPAN

    @property
    def deadline(self) -> float:
        """When it has had enough time: for its task, which counts from when it is ready, or to get ready."""
        limit = self.task.timeout_s if self.task and self.ready else _START_S
        return self.started + limit


@dataclass
class WorkerPool:
    """A fixed number of workers; use as a context manager.

    Each worker calls the function that `context` names with `context_args` once and hands the result to every
    task: models and open files live there. Arguments and results are pickled. The modules of `preload` are
    imported once, in the fork server of this process: workers then start in milliseconds, not seconds.

    `run` yields results in order of completion and accepts new tasks while it runs (`submit`), so that a
    first task can tell how many more there are. An exception of class `BackendError` raised in a worker is
    raised here, and so is a `BackendConfigError` when a worker cannot start: neither is a document's fault. A
    worker that is killed while it starts is started anew, a few times.
    """

    limits: WorkerLimits
    context: str
    context_args: Sequence[Any] = ()
    preload: Sequence[str] = ()
    _workers: list[_Worker] = field(default_factory=list)
    _queue: deque[Task[Any]] = field(default_factory=deque)
    #: Those that end by themselves, since they have done enough.
    _retired: list[_Worker] = field(default_factory=list)
    _ended: EndedChildren = field(default_factory=EndedChildren)
    #: Workers in a row that were killed before they were ready.
    _killed_starts: int = 0

    def __enter__(self) -> WorkerPool:
        """Workers are started when there is work for them."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every worker: politely when all is done, by a kill otherwise."""
        self.close(kill=kind is not None)

    @property
    def cpu_seconds(self) -> float | None:
        """What all workers have computed, killed ones too, from their start to their end; once it is closed.

        None where the system does not say.
        """
        return self._ended.cpu_seconds()

    def submit(self, task: Task[Any], *, first: bool = False) -> None:
        """Queue a task, before the others when `first` is set."""
        if first:
            self._queue.appendleft(task)
        else:
            self._queue.append(task)

    def withdraw(self, unwanted: Callable[[Task[Any]], bool]) -> None:
        """Take back queued tasks; one that a worker has begun is not stopped."""
        self._queue = deque(task for task in self._queue if not unwanted(task))

    def run(self) -> Iterator[Success[Any] | Failure[Any]]:
        """Yield the result of each queued task until none is queued or running."""
        yield from (result for result in self.run_beside(None) if result)

    def run_beside(self, other: int | None) -> Iterator[Success[Any] | Failure[Any] | None]:
        """The same, and None whenever something can be read of the file descriptor `other`."""
        while self._queue or any(worker.task for worker in self._workers):
            self._assign()
            yield from self._collect([] if other is None else [other])

    def close(self, *, kill: bool = False) -> None:
        """Stop all workers and forget queued tasks."""
        self._queue.clear()
        for worker in self._workers:
            worker.span.end("it was stopped")
            if kill or worker.task:
                _kill(worker)
            else:
                worker.pipe.close()  # the worker's loop ends at end-of-file
        for worker in [*self._workers, *self._retired]:
            worker.process.join(_GRACE_S)
            if worker.process.is_alive():
                _kill(worker)
        self._workers.clear()
        self._retired.clear()

    def _assign(self) -> None:
        idle = [worker for worker in self._workers if worker.task is None]
        while self._queue:
            if idle:
                worker = idle.pop()
                if worker.pipe.poll():  # it has nothing to say, so this is the end of its pipe
                    self._discard(worker)
                    continue
            elif len(self._workers) < max(1, self.limits.workers):
                worker = self._start()
            else:
                return
            task = self._queue.popleft()
            worker.span = task.within.child("chunk", task.about)
            with suppress(BrokenPipeError, ConnectionResetError):  # `_receive` will find out
                worker.pipe.send((task.function, task.args, worker.span.carried))
            worker.task, worker.started = task, time.monotonic()

    def _collect(self, others: list[int]) -> Iterator[Success[Any] | Failure[Any] | None]:
        busy = {worker.pipe: worker for worker in self._workers if worker.task}
        if not busy:
            return
        patience = min(worker.deadline for worker in busy.values()) - time.monotonic()
        for pipe in wait([*busy, *others], timeout=max(0.0, patience)):
            if not isinstance(pipe, Connection):
                yield None
            elif result := self._receive(busy.pop(pipe)):
                yield result
        now = time.monotonic()
        for worker in busy.values():
            if worker.task and now >= worker.deadline:
                yield self._expire(worker, now)

    def _receive(self, worker: _Worker) -> Success[Any] | Failure[Any] | None:
        task = worker.task
        assert task is not None
        seconds = time.monotonic() - worker.started
        try:
            kind, value, cpu_seconds, spans = worker.pipe.recv()
        except (EOFError, OSError):
            worker.process.join(_GRACE_S)  # before it is killed, so that its exit status tells why it died
            self._discard(worker)
            error = _post_mortem(worker.process, self.limits.memory_mb)
            worker.span.end(error.message)
            if not worker.ready:
                self._killed_starts += 1
                if worker.process.exitcode != -signal.SIGKILL or self._killed_starts >= _KILLED_STARTS:
                    raise BackendConfigError(f"a worker process cannot start: {error.message}") from None
                self.submit(task, first=True)
                return None
            return Failure(task, error, seconds, worker_lost=True, worker=_pid(worker))
        if kind == "ready":
            worker.ready, worker.started = True, time.monotonic()
            self._killed_starts = 0
            fork_server, at = value
            self._ended.watch(fork_server)
            worker.span.begin_at(at)
            return None
        worker.span.hand_on(spans)
        worker.span.set({"docmill.cpu_seconds": round(cpu_seconds, 4)})
        worker.span.end(_went_wrong(kind, value))
        worker.task, worker.done = None, worker.done + 1
        if 0 < self.limits.tasks_per_worker <= worker.done:
            worker.pipe.close()
            self._workers.remove(worker)
            self._retired.append(worker)
        if kind == "ok":
            return Success(task, value, seconds, cpu_seconds, _pid(worker))
        if kind == "backend":
            raise value
        reason, message, page = value
        error = document_error(reason, message, page=page)
        return Failure(task, error, seconds, cpu_seconds, worker=_pid(worker))

    def _expire(self, worker: _Worker, now: float) -> Failure[Any]:
        task = worker.task
        assert task is not None
        self._discard(worker)
        error = document_error("timed_out", f"no answer within {task.timeout_s:g} s; its worker was killed")
        worker.span.end(error.message)
        if not worker.ready:
            raise BackendConfigError(f"a worker process was not ready within {_START_S:g} s")
        return Failure(task, error, now - worker.started, worker_lost=True, worker=_pid(worker))

    def _start(self) -> _Worker:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(list(self.preload))
        ours, theirs = context.Pipe()
        process = context.Process(
            target=_serve,
            args=(theirs, self.limits.memory_mb, self.context, tuple(self.context_args)),
            name="docmill-worker",
            daemon=True,
        )
        with _hidden_main(), _uninterrupted():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _discard(self, worker: _Worker) -> None:
        _kill(worker)
        self._workers.remove(worker)


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


@contextmanager
def _uninterrupted() -> Iterator[None]:
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


def _pid(worker: _Worker) -> int:
    return worker.process.pid or 0


def _kill(worker: _Worker) -> None:
    worker.process.kill()
    worker.process.join(_GRACE_S)
    worker.pipe.close()


def _post_mortem(process: ForkServerProcess, memory_mb: int) -> DocumentError:
    """Say why a worker died, as far as its exit status tells.

    PDFium aborts where it gets no memory, and traps (SIGTRAP, SIGILL) or faults where it is wrong.
    """
    code = process.exitcode
    if code == -signal.SIGKILL:
        return document_error(
            "out_of_memory", "its worker was killed (signal KILL), most likely by the kernel for its memory"
        )
    if code == -signal.SIGABRT and memory_mb:
        return document_error(
            "out_of_memory",
            f"its worker aborted, most likely for want of memory; the limit is {memory_mb} MB",
        )
    if code is not None and code < 0:
        return document_error("crashed", f"its worker died of signal {signal.Signals(-code).name}")
    return document_error("crashed", f"its worker ended with exit status {code}")


def _serve(pipe: Connection, memory_mb: int, make_context: str, context_args: tuple[Any, ...]) -> None:
    """The worker's loop: runs until the other end of the pipe closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then stops us
    threading.Thread(target=_end_with_parent, daemon=True).start()
    if memory_mb:
        _limit_memory(memory_mb * _MEGABYTE)
    try:
        context = _look_up(make_context)(*context_args)
    except BackendError as error:
        pipe.send(("backend", error, 0.0, []))
        return
    pipe.send(("ready", (os.getppid(), time.time_ns()), 0.0, []))
    while True:
        try:
            function, args, carried = pipe.recv()
            pipe.send_bytes(_answer(function, (context, *args), carried))
        except (EOFError, OSError):
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


def _went_wrong(kind: str, value: Any) -> str:
    """What is wrong with an answer of a worker; nothing with a good one."""
    match kind:
        case "ok":
            return ""
        case "document":
            reason, message, _ = value
            return f"{reason}: {message}"
        case _:
            return str(value)


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
