"""What a page costs on each side: what many pages take more than few, in each round."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

import msgspec

from benchmarks.beside_docling.sides import Spent

__all__ = ["Beside", "Cost", "Round", "beside", "round_of"]


class Round(msgspec.Struct, frozen=True):
    """One round of one side: the page, without what starting takes; and all that the command took."""

    cpu_ms: float
    pages_per_s: float
    server_cpu_ms: float
    start_cpu_s: float
    command_cpu_ms: float
    command_pages_per_s: float


class Cost(msgspec.Struct, frozen=True):
    """One side: medians over the rounds of what `Round` has."""

    cpu_ms: float
    pages_per_s: float
    server_cpu_ms: float
    start_cpu_s: float
    command_cpu_ms: float
    command_pages_per_s: float
    rounds: list[Round]


class Beside(msgspec.Struct, frozen=True, kw_only=True):
    """Both sides with one model and corpus; ratios, docmill's to docling's, are medians of the rounds."""

    model: str
    corpus: str
    documents: int
    pages: int
    sides: dict[str, Cost]
    cpu_ratio: float
    speed_ratio: float
    start_ratio: float
    command_cpu_ratio: float
    command_speed_ratio: float
    cpu_ratios: list[float]
    speed_ratios: list[float]
    command_cpu_ratios: list[float]
    command_speed_ratios: list[float]


def beside(
    model: str,
    corpus: str,
    pages: Sequence[int],
    few_pages: int,
    few: Mapping[str, Sequence[Spent]],
    many: Mapping[str, Sequence[Spent]],
) -> Beside:
    """Of documents with so many pages each; what few pages and all of them took, by side and round."""
    total = sum(pages)
    rounds = {
        name: [round_of(total, few_pages, *pair) for pair in zip(few[name], spent, strict=True)]
        for name, spent in many.items()
    }
    ours, theirs = rounds.values()

    def ratios(field: str) -> list[float]:
        return [getattr(our, field) / getattr(their, field) for our, their in zip(ours, theirs, strict=True)]

    each = {field: ratios(field) for field in Round.__struct_fields__ if field != "server_cpu_ms"}
    return Beside(
        model=model,
        corpus=corpus,
        documents=len(pages),
        pages=total,
        sides={name: _cost(found) for name, found in rounds.items()},
        cpu_ratio=statistics.median(each["cpu_ms"]),
        speed_ratio=statistics.median(each["pages_per_s"]),
        start_ratio=statistics.median(each["start_cpu_s"]),
        command_cpu_ratio=statistics.median(each["command_cpu_ms"]),
        command_speed_ratio=statistics.median(each["command_pages_per_s"]),
        cpu_ratios=each["cpu_ms"],
        speed_ratios=each["pages_per_s"],
        command_cpu_ratios=each["command_cpu_ms"],
        command_speed_ratios=each["command_pages_per_s"],
    )


def round_of(pages: int, few_pages: int, few: Spent, many: Spent) -> Round:
    """What so many pages and a few took, as a round."""
    more = pages - few_pages
    page_s = (many.cpu_s - few.cpu_s) / more
    return Round(
        cpu_ms=1000 * page_s,
        pages_per_s=more / (many.wall_s - few.wall_s),
        server_cpu_ms=1000 * (many.server_cpu_s - few.server_cpu_s) / more,
        start_cpu_s=few.cpu_s - few_pages * page_s,
        command_cpu_ms=1000 * many.cpu_s / pages,
        command_pages_per_s=pages / many.wall_s,
    )


def _cost(rounds: Sequence[Round]) -> Cost:
    middle = {
        field: statistics.median(getattr(each, field) for each in rounds) for field in Round.__struct_fields__
    }
    return Cost(**middle, rounds=list(rounds))
