"""Pages in, results out in order, with several requests under way: rendering overlaps with inference."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from docmill.resources.clients.triton import Array, Request, Subject, TritonModel

__all__ = ["Answer", "Begun", "TableRequests", "in_order"]

Result = TypeVar("Result", covariant=True)
V = TypeVar("V")
R = TypeVar("R")
#: Waits for the part of an answer that belongs to one picture.
Answer = Callable[[], Any]

#: Pictures of tables in one request, 2.4 to 2.9 MB each. The server joins requests up to its own largest
#: batch; a larger request would only come closer to its deadline.
_MOST_TABLES = 8
#: Requests of tables under way: more would hold more pictures, not keep the server busier.
_MOST_REQUESTS = 4


class Begun(Protocol[Result]):
    """A page whose request is under way."""

    def finish(self) -> Result:
        """Wait for the answer and make the result of it."""
        ...

    def cancel(self) -> None:
        """Nobody wants it any more."""
        ...


def in_order(views: Iterable[V], begin: Callable[[V], Begun[R]], limit: Callable[[], int]) -> Iterator[R]:
    """`begin` each view and yield its result, in order, at most `limit` of them begun and not finished.

    What is under way is cancelled when a view, an answer or the consumer ends it early.
    """
    begun: deque[Begun[R]] = deque()
    try:
        for view in views:
            while len(begun) >= limit():
                yield begun.popleft().finish()
            begun.append(begin(view))
        while begun:
            yield begun.popleft().finish()
    finally:
        for page in begun:
            page.cancel()


class TableRequests:
    """Pictures of tables of many pages, put together into requests.

    `split` makes the answers of single tables, in order, of the outputs for so many; it raises ValueError
    for outputs that are not the model's. `refused` turns that into the error to raise.
    """

    def __init__(
        self,
        model: TritonModel,
        split: Callable[[int, list[Array]], list[Any]],
        refused: Callable[[ValueError], Exception],
    ) -> None:
        self._model = model
        self._split = split
        self._refused = refused
        self._filling: _Batch | None = None
        self._sent: deque[_Batch] = deque()
        self._size = 0

    def add(self, picture: NDArray[np.float32], page: int, document: str) -> Answer:
        """Put in one picture [3, H, W]; the answer for it can be waited for at any time."""
        self._size = self._size or min(_MOST_TABLES, self._model.max_batch(page=page, document=document))
        if self._filling is None:
            self._filling = _Batch(self, document)
        answer = self._filling.add(picture, page)
        if len(self._filling.pictures) >= self._size:
            self.flush()
        return answer

    def flush(self) -> None:
        """Send what has been put in."""
        if self._filling is None:
            return
        while len(self._sent) >= min(_MOST_REQUESTS, self._model.window.size):
            self._sent.popleft().answers()
        batch, self._filling = self._filling, None
        batch.send(self._model)
        self._sent.append(batch)

    def flushed_after(self, views: Iterable[V]) -> Iterator[V]:
        """The views; nothing is held back when they end."""
        yield from views
        self.flush()

    def cancel(self) -> None:
        """Give up what is under way."""
        while self._sent:
            self._sent.popleft().cancel()

    def answers(self, batch: _Batch, request: Request) -> list[Any]:
        """Wait for a request's answers."""
        outputs = request.result()
        try:
            return self._split(batch.count, outputs)
        except ValueError as error:
            raise self._refused(error) from error


class _Batch:
    """The pictures of one request, then their answers."""

    def __init__(self, requests: TableRequests, document: str) -> None:
        self._requests = requests
        self._document = document
        self.pictures: list[NDArray[np.float32]] = []
        self.count = 0
        self._pages: list[int] = []
        self._request: Request | None = None
        self._answers: list[Any] | None = None

    def add(self, picture: NDArray[np.float32], page: int) -> Answer:
        self.pictures.append(picture)
        self._pages.append(page)
        index, self.count = self.count, self.count + 1
        return lambda: self.answers()[index]

    def send(self, model: TritonModel) -> None:
        self._request = model.submit([np.stack(self.pictures)], Subject.of(self._pages, self._document))
        self.pictures = []

    def answers(self) -> list[Any]:
        if self._answers is None:
            if self._request is None:
                self._requests.flush()
            assert self._request is not None
            self._answers = self._requests.answers(self, self._request)
            self._request = None
        return self._answers

    def cancel(self) -> None:
        if self._request:
            self._request.cancel()
