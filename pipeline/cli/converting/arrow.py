"""Arrow as it is needed here: without pandas."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["load_arrow"]

_PANDAS = "pandas"


class _Refusing(MetaPathFinder):
    """As if pandas were not installed."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None = None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name == _PANDAS:
            raise ModuleNotFoundError(name=name)
        return None


def load_arrow() -> None:
    """Import Arrow, and have it look for pandas in vain, once and for all.

    It would import it with the first list that it is given, to see whether that is a data frame, and that
    takes 0.2 CPU seconds. For a process of docmill's own, which has none.
    """
    refusing = _Refusing()
    sys.meta_path.insert(0, refusing)
    try:
        import pyarrow as pa

        pa.array([0])
    finally:
        sys.meta_path.remove(refusing)
