"""The images of questions, drawn and compressed ahead of their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from docmill.pipeline.convert.errors import PageError
from docmill.resources.clients.vllm.question import Question

__all__ = ["Drawn", "DrawnAhead"]

#: Images that are compressed at a time; no more pixels than theirs are in memory.
_AT_A_TIME = 2


@dataclass(frozen=True)
class Drawn:
    """A question and the data URI of its first attempt, or why there is none."""

    question: Question
    image: str = ""
    error: PageError | None = None


class DrawnAhead:
    """Questions with their first images in their order, for any number of tasks of one event loop to iterate.

    A request that comes back is so followed by the next at once, and the server's batch stays full. At most
    `ahead` images wait, and one more for its place among them. Somebody must run `draw` meanwhile.
    """

    def __init__(self, questions: Iterable[Question], ahead: int) -> None:
        self._questions = questions
        self._compressing = asyncio.Semaphore(_AT_A_TIME)
        self._ready: asyncio.Queue[asyncio.Task[Drawn] | None] = asyncio.Queue(ahead)

    async def draw(self) -> None:
        """Draw everything, as fast as it is taken."""
        async with asyncio.TaskGroup() as group:
            for question in self._questions:
                await self._ready.put(group.create_task(self._drawn(question)))
        await self._ready.put(None)

    def __aiter__(self) -> DrawnAhead:
        return self

    async def __anext__(self) -> Drawn:
        drawing = await self._ready.get()
        if drawing is None:
            await self._ready.put(None)  # for the other tasks
            raise StopAsyncIteration
        return await drawing

    async def _drawn(self, question: Question) -> Drawn:
        async with self._compressing:
            try:
                return Drawn(question, await question.image(question.profile.ladder[0].shrink))
            except PageError as error:
                return Drawn(question, error=error)
