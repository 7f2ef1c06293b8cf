"""What a conformance run must reach: a JSON file of least and greatest values.

    {
      "totals":   {"items": 0.98, "texts": 0.9, "markdown_wer": 0.02},
      "default":  {"items": 1.0, "texts": 1.0, "labels": 1.0, "box_pt": 0.01},
      "kinds":    {"derived": {"texts": 0.9}},
      "cases":    {"amt_handbook_sample": {"texts": 0.92, "why": "docling joins paragraphs since 2.56"}}
    }

`items`, `texts`, `texts_but_spaces`, `labels`, `shapes` and `cells` are least fractions; `markdown_wer` (a
fraction) and `box_pt` (points) are greatest values. A case must reach its own values, else those of its kind,
else the default. `totals` hold over all cases together; there texts are those of documents that are not
right-to-left. What is not named is not checked. `why` is for readers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from benchmarks.metrics.kit import KitError

__all__ = ["Floor", "Values", "read_floor", "shortfalls"]

#: What is measured, by name.
Values = Mapping[str, float]

#: Measures of which less is better.
_CEILINGS = frozenset({"markdown_wer", "box_pt"})


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Least values, or greatest ones; None is not checked."""

    items: float | None = None
    labels: float | None = None
    texts: float | None = None
    texts_but_spaces: float | None = None
    box_pt: float | None = None
    shapes: float | None = None
    cells: float | None = None
    markdown_wer: float | None = None
    why: str = ""


class Floor(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file's content."""

    totals: Limits = Limits()
    default: Limits = Limits()
    kinds: dict[str, Limits] = {}
    cases: dict[str, Limits] = {}

    def of(self, case: str, kind: str) -> Limits:
        """What that case must reach."""
        merged: dict[str, float | None] = {}
        for limits in (self.default, self.kinds.get(kind), self.cases.get(case)):
            named = msgspec.structs.asdict(limits).items() if limits else ()
            merged |= {name: value for name, value in named if name != "why" and value is not None}
        return msgspec.convert(merged, Limits)


def read_floor(path: Path) -> Floor:
    """Read the file. Raises `KitError`."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Floor)
    except (OSError, msgspec.DecodeError) as error:
        raise KitError(f"{path.name} is no floor file: {error}") from error


def shortfalls(limits: Limits, values: Values) -> Iterator[str]:
    """What is not reached, in words."""
    for name, value in values.items():
        limit = getattr(limits, name)
        if limit is None:
            continue
        if value > limit + 1e-9 if name in _CEILINGS else value < limit - 1e-9:
            yield f"{name} {value:.4g}, {'at most' if name in _CEILINGS else 'at least'} {limit:g} wanted"
