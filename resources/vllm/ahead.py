"""The images of questions, drawn and compressed ahead of their turn."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.convert.errors import PageError
from resources.vllm.question import Question

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
    """Questions with their first images, for any number of tasks of one event loop to iterate over.

    A request that comes back is so followed by the next at once, and the server's batch stays full. At most
    `ahead` images wait. Somebody must run `draw` meanwhile.
    """

    def __init__(self, questions: Iterable[Question], ahead: int) -> None:
        self._questions = iter(questions)
        self._ready: asyncio.Queue[Drawn | None] = asyncio.Queue(ahead)

    async def draw(self) -> None:
        """Draw everything, as fast as it is taken."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_A_TIME):
                group.create_task(self._draw())
        await self._ready.put(None)

    def __aiter__(self) -> DrawnAhead:
        return self

    async def __anext__(self) -> Drawn:
        drawn = await self._ready.get()
        if drawn is None:
            await self._ready.put(None)  # for the other tasks
            raise StopAsyncIteration
        return drawn

    async def _draw(self) -> None:
        for question in self._questions:
            try:
                drawn = Drawn(question, await question.image(question.profile.ladder[0].shrink))
            except PageError as error:
                drawn = Drawn(question, error=error)
            await self._ready.put(drawn)
