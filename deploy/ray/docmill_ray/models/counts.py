"""What a replica of a model has done, and how clients are told. It needs no Ray."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tritonclient.grpc import service_pb2

__all__ = ["Counts", "statistics"]


@dataclass
class Counts:
    """Of one replica since it began; `batches` by items: how many, and their nanoseconds."""

    requests: int = 0
    failures: int = 0
    queue_ns: int = 0
    items: int = 0
    batches: dict[int, tuple[int, int]] = field(default_factory=dict)

    def executed(self, items: int, nanoseconds: int) -> None:
        """Count a batch."""
        count, total = self.batches.get(items, (0, 0))
        self.batches[items] = count + 1, total + nanoseconds


def statistics(model: str, version: str, counts: Iterable[Counts]) -> Any:
    """The message `ModelStatisticsResponse`.

    As Triton has it, each execution's time is in `batch_stats` once.
    """
    message = service_pb2.ModelStatisticsResponse()
    stats = message.model_stats.add(name=model, version=version)
    batches: dict[int, tuple[int, int]] = {}
    for each in counts:
        stats.inference_count += each.items
        stats.inference_stats.success.count += each.requests
        stats.inference_stats.fail.count += each.failures
        stats.inference_stats.queue.count += each.requests
        stats.inference_stats.queue.ns += each.queue_ns
        for size, (count, nanoseconds) in each.batches.items():
            before = batches.get(size, (0, 0))
            batches[size] = before[0] + count, before[1] + nanoseconds
    for size, (count, nanoseconds) in sorted(batches.items()):
        stats.execution_count += count
        batch = stats.batch_stats.add(batch_size=size)
        batch.compute_infer.count, batch.compute_infer.ns = count, nanoseconds
        stats.inference_stats.compute_infer.count += count * size
        stats.inference_stats.compute_infer.ns += nanoseconds * size
    return message
