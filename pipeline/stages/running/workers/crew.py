"""Workers that rest between the stages of a run, and between runs of one command.

To begin a worker needs its process, PDFium, and its own copies of the pages of memory that it writes to: as
much as some pages of a document. Pools that take their workers from here pay for that once.
"""

from __future__ import annotations

from types import TracebackType

from docmill.pipeline.stages.running.workers.process import WorkerProcess

__all__ = ["Crew"]


class Crew:
    """Use it as a context manager, from one thread: at its end all who rest are told to end.

    Those who work are their pool's, which stops them when it fails.
    """

    def __init__(self) -> None:
        self._resting: list[WorkerProcess] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take(self, memory_mb: int) -> WorkerProcess | None:
        """One who rests under this limit of memory, if there is any; a dead one is dropped."""
        for worker in [each for each in self._resting if each.memory_mb == memory_mb]:
            self._resting.remove(worker)
            if not worker.pipe.poll():  # it has nothing to say: that would be the end of its pipe
                return worker
            worker.kill()
        return None

    def give(self, worker: WorkerProcess) -> None:
        """One who has come to rest."""
        self._resting.append(worker)

    def close(self) -> None:
        """Have all end, and wait for that."""
        for worker in self._resting:
            worker.end()
        for worker in self._resting:
            worker.join()
        self._resting.clear()
