"""Which weights the models of an engine on a server have, and that they keep them while it works."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from copy import copy
from pathlib import Path
from typing import Self

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.metered import Tally
from docmill.resources.clients.metering.step_meter import ModelMeters
from docmill.resources.clients.triton import TritonModel
from docmill.resources.clients.triton.errors import ModelChangedError
from docmill.resources.clients.triton.served import names_a_version

__all__ = ["ServedModels"]


class ServedModels:
    """The models of a server that an engine asks; see `docmill.pipeline.convert.pinned`."""

    def __init__(self, *models: TritonModel) -> None:
        self._asked = models
        self._digests: Mapping[str, str] = {}
        self._pinned: Mapping[str, str] = {}
        self._checked = 0

    def with_digests(self, digests: Mapping[str, str]) -> Self:
        """This engine, for models with these digests, by name: the server need not be asked for them."""
        known = {model.name: digests[model.name] for model in self._asked if model.name in digests}
        changed = copy(self)
        changed._digests = changed._pinned = known
        return changed

    def served(self) -> dict[str, str]:
        """What the server has, by model: the digest of its weights, or its version; those it calls included.

        Models whose digests are set are not asked for. Raises `BackendUnavailableError`, or
        `BackendConfigError` for a model that is not there.
        """
        found = dict(self._digests)
        for model in self._asked:
            if model.name not in self._digests:
                found |= model.served()
        return found

    def pinned_to(self, served: Mapping[str, str]) -> Self:
        """This engine, for work that these and no other weights are to do."""
        pinned = copy(self)
        pinned._pinned = dict(served)
        return pinned

    def check_digests(self) -> None:
        """Raise `BackendConfigError` when the server has another model than one whose digest is set."""
        for model in self._asked:
            if model.name in self._digests:
                for name, has in self._others(model.served()):
                    raise BackendConfigError(
                        f"the server has the weights {has} behind the model {name}, and "
                        f"{self._digests[name]} are set: load those, or change `digests`"
                    )

    def check_unchanged(self) -> None:
        """Raise `ModelChangedError` when the server has other weights than the engine is pinned to.

        It is asked only when it has answered requests since the last time.
        """
        answered = sum(model.inferences for model in self._asked)
        if not self._pinned or answered == self._checked:
            return
        self._checked = answered
        for model in self._asked:
            for name, has in self._others(model.still_served()):
                raise ModelChangedError(
                    f"the model {name} was changed while it was asked: its weights were "
                    f"{self._pinned[name]}, and are {has}; what it did is done again with those"
                )

    def count_in(self, folder: Path) -> None:
        """Keep count of this process's requests there from now on."""
        for model in self._asked:
            model.count_in(folder)

    def open_meter(self, folder: Path) -> ModelMeters:
        """Begin to measure what the server spends on the requests that processes count there."""
        return ModelMeters([model.open_meter(folder) for model in self._asked])

    def tally(self) -> Tally | None:
        """Device seconds of the models; inferences of the first, which sees each page or table once."""
        found = [model.counters() for model in self._asked]
        counted = [each for each in found if each is not None]
        if not counted or len(counted) < len(found):
            return None
        return Tally(sum(each.device_ns for each in counted) / 1e9, counted[0].inferences)

    def _others(self, said: Mapping[str, str]) -> Iterable[tuple[str, str]]:
        """Models that are not as they are pinned. Of a digest that is set a server need not know."""
        for name, has in said.items():
            unknown = name in self._digests and names_a_version(has)
            if name in self._pinned and has != self._pinned[name] and not unknown:
                yield name, has
