"""Apply a function to many tasks in killable worker processes: deadlines, memory limits, typed failures.

PDFium is not thread-safe and PDFs are hostile: a worker may hang, exhaust its memory or be killed by the
kernel. Each worker has a pipe of its own, so that one which dies in the middle of a message harms no other,
and the pool replaces it. What was lost with it is reported as a `Failure`; the caller decides what to do.
"""

from __future__ import annotations

import math
import signal
import time
from bisect import insort
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any, Generic, TypeVar

from docmill.pipeline.convert.errors import BackendConfigError, DocumentError, document_error
from docmill.pipeline.stages.running.workers.crew import Crew
from docmill.pipeline.stages.running.workers.ended_children import EndedChildren
from docmill.pipeline.stages.running.workers.process import GRACE_S, WorkerProcess
from docmill.resources.clients.tracing.spans import NO_SPAN, Attributes, Span

__all__ = ["Failure", "Success", "Task", "WorkerLimits", "WorkerPool"]

T = TypeVar("T")
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
    `about`. Tasks that weigh more are begun before others.
    """

    key: T
    function: str
    args: tuple[Any, ...]
    timeout_s: float
    within: Span = NO_SPAN
    about: Attributes = field(default_factory=dict)
    weight: float = 0.0


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
    """One at work; `before` is what its process had computed when it came."""

    process: WorkerProcess
    before: float
    task: Task[Any] | None = None
    started: float = 0.0
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
    imported once, in the fork server of this process: workers then start in milliseconds, not seconds. They
    come from the `crew` where there is one and somebody rests there, and go back to it when all is done.

    `run` yields results in order of completion and accepts new tasks while it runs (`submit`), so that a
    first task can tell how many more there are. An exception of class `BackendError` raised in a worker is
    raised here, and so is a `BackendConfigError` when a worker cannot start: neither is a document's fault. A
    worker that is killed while it starts is started anew, a few times.
    """

    limits: WorkerLimits
    context: str
    context_args: Sequence[Any] = ()
    preload: Sequence[str] = ()
    crew: Crew | None = None
    #: Once it is closed: what all workers have computed for it, killed ones too, and to the end of those that
    #: have ended. None where the system does not say.
    cpu_seconds: float | None = field(default=None, init=False)
    _workers: list[_Worker] = field(default_factory=list)
    _queue: deque[Task[Any]] = field(default_factory=deque)
    #: Those that end by themselves, since they have done enough.
    _retired: list[_Worker] = field(default_factory=list)
    _ended: EndedChildren = field(default_factory=EndedChildren)
    #: Workers in a row that were killed before they were ready.
    _killed_starts: int = 0
    #: What those who went to rest have computed here, and what those who ended had computed elsewhere.
    _rested_s: float = 0.0
    _elsewhere_s: float = 0.0

    def __enter__(self) -> WorkerPool:
        """Workers are started when there is work for them."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop every worker: politely when all is done, by a kill otherwise."""
        self.close(kill=kind is not None)

    def submit(self, task: Task[Any], *, first: bool = False) -> None:
        """Queue a task: behind those that weigh as much, or before all others when `first` is set."""
        if first:
            self._queue.appendleft(replace(task, weight=math.inf))
        else:
            insort(self._queue, task, key=lambda each: -each.weight)

    def withdraw(self, unwanted: Callable[[Task[Any]], bool]) -> None:
        """Take back queued tasks; one that a worker has begun is not stopped."""
        self._queue = deque(task for task in self._queue if not unwanted(task))

    def assign(self) -> None:
        """Give idle workers what is queued: `run` does so between results, who takes long over one before."""
        idle = [worker for worker in self._workers if worker.task is None]
        while self._queue:
            if idle:
                worker = idle.pop()
                if worker.process.pipe.poll():  # it has nothing to say, so this is the end of its pipe
                    self._discard(worker)
                    continue
            elif len(self._workers) < max(1, self.limits.workers):
                worker = self._start()
            else:
                return
            task = self._queue.popleft()
            worker.span = task.within.child("chunk", task.about)
            worker.process.ask(("work", task.function, task.args, worker.span.carried))
            worker.task, worker.started = task, time.monotonic()

    def run(self) -> Iterator[Success[Any] | Failure[Any]]:
        """Yield the result of each queued task until none is queued or running."""
        yield from (result for result in self.run_beside(None) if result)

    def run_beside(self, other: int | None) -> Iterator[Success[Any] | Failure[Any] | None]:
        """The same, and None whenever something can be read of the file descriptor `other`."""
        while self._queue or any(worker.task for worker in self._workers):
            self.assign()
            yield from self._collect([] if other is None else [other])

    def close(self, *, kill: bool = False) -> None:
        """Stop all workers and forget queued tasks."""
        self._queue.clear()
        idle: list[_Worker] = []
        for worker in self._workers:
            worker.span.end("it was stopped")
            if kill or worker.task:
                self._end(worker)
            else:
                idle.append(worker)
        self._workers.clear()
        self._dismiss(idle)
        for worker in self._retired:
            worker.process.join()
        self._retired.clear()
        ended = self._ended.cpu_seconds()
        self.cpu_seconds = None if ended is None else max(0.0, ended - self._elsewhere_s) + self._rested_s

    def _dismiss(self, idle: Sequence[_Worker]) -> None:
        """Those who have done their work: they rest in the crew, or end."""
        if self.crew is None:
            for worker in idle:
                self._retire(worker)
            return
        for worker in idle:
            worker.process.ask(("rest",))
        until = time.monotonic() + GRACE_S
        for worker in idle:
            if worker.process.rested(until):
                self._rested_s += worker.process.cpu_seconds - worker.before
                self.crew.give(worker.process)
            else:
                self._end(worker)

    def _collect(self, others: list[int]) -> Iterator[Success[Any] | Failure[Any] | None]:
        busy = {worker.process.pipe: worker for worker in self._workers if worker.task}
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
            kind, value, cpu_seconds, spans = worker.process.pipe.recv()
        except (EOFError, OSError):
            worker.process.join()  # before it is killed, so that its exit status tells why it died
            self._discard(worker)
            error = worker.process.post_mortem()
            worker.span.end(error.message)
            if not worker.ready:
                self._killed_starts += 1
                if worker.process.exit_code != -signal.SIGKILL or self._killed_starts >= _KILLED_STARTS:
                    raise BackendConfigError(f"a worker process cannot start: {error.message}") from None
                self.submit(task, first=True)
                return None
            return Failure(task, error, seconds, worker_lost=True, worker=worker.process.pid)
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
        worker.task = None
        worker.process.done += 1
        if 0 < self.limits.tasks_per_worker <= worker.process.done:
            self._workers.remove(worker)
            self._retire(worker)
        if kind == "ok":
            return Success(task, value, seconds, cpu_seconds, worker.process.pid)
        if kind == "backend":
            raise value
        reason, message, page = value
        error = document_error(reason, message, page=page)
        return Failure(task, error, seconds, cpu_seconds, worker=worker.process.pid)

    def _expire(self, worker: _Worker, now: float) -> Failure[Any]:
        task = worker.task
        assert task is not None
        self._discard(worker)
        error = document_error("timed_out", f"no answer within {task.timeout_s:g} s; its worker was killed")
        worker.span.end(error.message)
        if not worker.ready:
            raise BackendConfigError(f"a worker process was not ready within {_START_S:g} s")
        return Failure(task, error, now - worker.started, worker_lost=True, worker=worker.process.pid)

    def _start(self) -> _Worker:
        process = self.crew.take(self.limits.memory_mb) if self.crew else None
        if process is None:
            process = WorkerProcess.start(self.limits.memory_mb, self.preload)
        process.ask(("hold", self.context, tuple(self.context_args)))
        worker = _Worker(process, process.cpu_seconds)
        self._workers.append(worker)
        return worker

    def _retire(self, worker: _Worker) -> None:
        """Have one end by itself."""
        worker.process.end()
        self._elsewhere_s += worker.before
        self._retired.append(worker)

    def _discard(self, worker: _Worker) -> None:
        self._end(worker)
        self._workers.remove(worker)

    def _end(self, worker: _Worker) -> None:
        worker.process.kill()
        self._elsewhere_s += worker.before


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
