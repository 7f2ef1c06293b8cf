"""Imports that cost less: without garbage collections, and of some packages not before they are used."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any

__all__ = ["put_off", "uncollected"]


@contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection inside: what imports make stays, and to look through it is a tenth of a run.

    None of later visits what is there at the end.
    """
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if collected:
            gc.enable()


@contextmanager
def put_off(package: str) -> Iterator[None]:
    """Who imports the package inside gets it when he uses it, afterwards.

    For packages that are wanted for an annotation, and for a function that is seldom called: what is taken
    from it inside is `Any`. One that is there already is taken as it is.
    """
    if package in sys.modules:
        yield
        return
    later = _Later(package)
    sys.modules[package] = later
    try:
        yield
    finally:
        del sys.modules[package]
        later.wanted = True


class _Later(ModuleType):
    """Stands for a package until it is `wanted`."""

    wanted = False

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(import_module(self.__name__), name) if self.wanted else Any
