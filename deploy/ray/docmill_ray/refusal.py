"""What a request is answered with that gets no tensors."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Refusal", "RefusedError"]


@dataclass(frozen=True)
class Refusal:
    """gRPC's status, by name, and words. A value: exceptions change on their way through Ray."""

    status: str
    words: str


class RefusedError(Exception):
    """A refusal within a process."""

    def __init__(self, status: str, words: str) -> None:
        super().__init__(words)
        self.refusal = Refusal(status, words)
