"""One malformed file of the corpus, by kind and name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

__all__ = ["Case", "Make", "cases"]

#: Makes the file's bytes; the same ones whenever the generator starts at the same seed.
Make = Callable[[Random], bytes]


@dataclass(frozen=True)
class Case:
    """A file to be made: `name` within its `kind`; `repeats` when another seed makes another file.

    `file_name` is what the file is called where its name is what is hostile: bytes for the file system.
    """

    kind: str
    name: str
    make: Make
    repeats: bool = False
    file_name: bytes | None = None


def cases(kind: str, makers: Mapping[str, Make], *, repeats: bool = False) -> tuple[Case, ...]:
    """The cases of one kind, by name."""
    return tuple(Case(kind, name, make, repeats) for name, make in makers.items())
