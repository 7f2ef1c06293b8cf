"""Requests that wait while the model computes are its next batch.

`serve.batch` closes a batch so many seconds after its first request, whether or not the model is free, and
puts the closed ones in line: behind a model that takes longer than that, batches hold one request or two.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeVar

from docmill_ray.refusal import RefusedError

__all__ = ["Joiner", "Limits"]

Job = TypeVar("Job")
Answer = TypeVar("Answer")

#: What Triton says, and docmill's client knows.
_FULL = "Exceeds maximum queue size"
_LATE = "Request timeout expired"


@dataclass(frozen=True)
class Limits:
    """Items of a batch; requests that may wait, 0 for any number, and for how long.

    An idle model waits `delay_s` for others to come.
    """

    items: int = 1
    queue: int = 0
    wait_s: float = float("inf")
    delay_s: float = 0.0


@dataclass
class _Waiting(Generic[Job, Answer]):
    job: Job
    items: int
    kind: Hashable
    since: float
    done: asyncio.Future[Answer]


class Joiner(Generic[Job, Answer]):
    """Runs jobs in a thread, one batch after another; jobs of a batch are of one kind, in order of arrival.

    `run` is told how long each job waited.
    """

    def __init__(
        self, run: Callable[[Sequence[Job], Sequence[float]], Sequence[Answer]], limits: Limits
    ) -> None:
        self._run, self._limits = run, limits
        self._waiting: list[_Waiting[Job, Answer]] = []
        self._thread = ThreadPoolExecutor(1)
        self._working: asyncio.Task[None] | None = None
        #: Jobs that were not computed, since nobody waited for them any longer.
        self.dropped = 0

    async def answer(self, job: Job, items: int = 1, kind: Hashable = None) -> Answer:
        """The answer to one job. Raises `RefusedError` when it may not wait, or waited too long."""
        if self._limits.queue and len(self._waiting) >= self._limits.queue:
            raise RefusedError("UNAVAILABLE", _FULL)
        loop = asyncio.get_running_loop()
        waiting: _Waiting[Job, Answer] = _Waiting(job, items, kind, time.monotonic(), loop.create_future())
        self._waiting.append(waiting)
        if self._working is None:
            self._working = loop.create_task(self._work())
        return await waiting.done

    async def _work(self) -> None:
        try:
            if self._limits.delay_s and sum(each.items for each in self._waiting) < self._limits.items:
                await asyncio.sleep(self._limits.delay_s)
            while self._waiting:
                if batch := self._next():
                    await self._compute(batch)
        finally:
            self._working = None

    async def _compute(self, batch: Sequence[_Waiting[Job, Answer]]) -> None:
        now, loop = time.monotonic(), asyncio.get_running_loop()
        jobs, waits = [each.job for each in batch], [now - each.since for each in batch]
        try:
            answers = await loop.run_in_executor(self._thread, self._run, jobs, waits)
        except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
            for each in batch:
                if not each.done.done():
                    each.done.set_exception(error)
            return
        for each, answer in zip(batch, answers, strict=True):
            if not each.done.done():
                each.done.set_result(answer)

    def _next(self) -> list[_Waiting[Job, Answer]]:
        """What is next, without those that nobody waits for any longer or that waited too long."""
        batch: list[_Waiting[Job, Answer]] = []
        count, now = 0, time.monotonic()
        while self._waiting:
            first = self._waiting[0]
            if not first.done.done() and now - first.since > self._limits.wait_s:
                first.done.set_exception(RefusedError("UNAVAILABLE", _LATE))
            if not first.done.done():
                if batch and (first.kind != batch[0].kind or count + first.items > self._limits.items):
                    break
                batch.append(first)
                count += first.items
            self.dropped += first.done.cancelled()
            self._waiting.pop(0)
        return batch
