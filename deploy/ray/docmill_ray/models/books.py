"""What models have done, from all their replicas, for as long as the Ray lives."""

from __future__ import annotations

from typing import Any

import ray

from docmill_ray.models.counts import Counts

__all__ = ["books"]

_NAME, _NAMESPACE = "docmill-books", "docmill"
_EVER = -1


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
