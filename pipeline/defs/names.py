"""What docmill's definitions are called in a code location, which may have others of the same names."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

__all__ = ["Names"]


@dataclass(frozen=True)
class Names:
    """Names with one prefix: of asset keys a part each, of all else joined by `_`."""

    prefix: tuple[str, ...] = ()

    def key(self, asset: str) -> dg.AssetKey:
        """The key of an asset."""
        return dg.AssetKey([*self.prefix, asset])

    def of(self, name: str) -> str:
        """The name of a job, a sensor, a schedule, a resource, a group, or of the partitions."""
        return "_".join([*self.prefix, name])

    @property
    def resource_prefix(self) -> str:
        """What stands before the keys of resources."""
        return self.of("")

    @property
    def batches(self) -> dg.DynamicPartitionsDefinition:
        """The partitions of every asset of the conversion: one key per batch."""
        return dg.DynamicPartitionsDefinition(name=self.of("batches"))
