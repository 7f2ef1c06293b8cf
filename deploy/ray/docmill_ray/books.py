"""What models have done, from all their replicas, for as long as the Ray lives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import ray
from tritonclient.grpc import service_pb2

__all__ = ["Counts", "books", "statistics"]

_NAME, _NAMESPACE = "docmill-books", "docmill"
_EVER = -1


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


@ray.remote(num_cpus=0, max_restarts=_EVER, max_task_retries=0)
class Books:
    """Has each replica's counts, the dead ones' too. Replicas tell all of theirs each time.

    So what an actor that was killed forgot is only what dead replicas had done.
    """

    def __init__(self) -> None:
        self._counts: dict[str, dict[str, Counts]] = {}

    def tell(self, model: str, replica: str, counts: Counts) -> None:
        """What a replica has done by now."""
        self._counts.setdefault(model, {})[replica] = counts

    def read(self, model: str) -> list[Counts]:
        """Each replica's."""
        return list(self._counts.get(model, {}).values())


def books() -> Any:
    """The actor, made when it is not there."""
    return Books.options(  # type: ignore[attr-defined]  # what Ray's decorator adds
        name=_NAME, namespace=_NAMESPACE, lifetime="detached", get_if_exists=True
    ).remote()


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
