"""What a server has spent on a model, from its own counters."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Counters"]


@dataclass(frozen=True)
class Counters:
    """Totals since a model was loaded: nanoseconds, and what they were spent on.

    `failures` are requests that were turned away, or whose client went before they were computed.
    """

    inferences: int = 0
    executions: int = 0
    requests: int = 0
    device_ns: int = 0
    queue_ns: int = 0
    failures: int = 0

    def __add__(self, other: Counters) -> Counters:
        return Counters(
            self.inferences + other.inferences,
            self.executions + other.executions,
            self.requests + other.requests,
            self.device_ns + other.device_ns,
            self.queue_ns + other.queue_ns,
            self.failures + other.failures,
        )

    def since(self, before: Counters) -> Counters:
        """The growth; all of it when the counters began anew, since the server or the model was restarted."""
        if self.inferences < before.inferences or self.device_ns < before.device_ns:
            return self
        return Counters(
            self.inferences - before.inferences,
            self.executions - before.executions,
            self.requests - before.requests,
            self.device_ns - before.device_ns,
            self.queue_ns - before.queue_ns,
            self.failures - before.failures,
        )
