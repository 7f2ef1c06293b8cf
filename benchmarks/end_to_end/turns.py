"""One side's turn: a conversion of few pages and one of many, what they took, and what they made."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.beside_docling.costs import Round, round_of
from benchmarks.beside_docling.sides import Spent
from benchmarks.comparing.counted import counted
from benchmarks.comparing.hashes import hashes
from benchmarks.comparing.trees import CHECKOUT
from benchmarks.end_to_end.account import Account, read_account
from benchmarks.end_to_end.material import Corpus
from benchmarks.end_to_end.sides import Beside
from benchmarks.material.corpus import CorpusFile
from benchmarks.measuring.clean_environment import clean_environment
from benchmarks.serving import server_tree
from docmill.resources.price import Price

__all__ = ["Made", "Turn", "Work", "taken", "turn_of", "warmed"]

_MILLION = 1_000_000
_HOUR_S = 3600.0


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One round of one side.

    On the clock few pages are too few to take the start off: no figure does.

    `page`: a page without what starting takes, and all that the command took; CPU there is docmill's, that of
    the servers apart. `servers_cpu_ms`: a page's, by server, while many pages are converted. `told_...` is
    docmill's own account of a page: CPU of its workers, device seconds, and both at its prices, for a million
    pages; `counted_usd` is all CPU that was counted, docmill's with its start and the servers', at the price
    of a CPU.
    """

    page: Round
    servers_cpu_ms: dict[str, float]
    all_cpu_ms: float
    told_cpu_ms: float
    told_device_ms: float
    told_usd: float
    counted_usd: float
    documents: int
    converted: int


@dataclass(frozen=True)
class Made:
    """What a turn leaves: its figures, hashes of its documents, and what docmill says of those left out."""

    turn: Turn
    hashes: Mapping[str, str]
    left_out: Sequence[str]


@dataclass(frozen=True)
class Work:
    """How all sides convert: worker processes, options of `docmill convert`, prices."""

    workers: int
    options: tuple[str, ...]
    price: Price

    def variables(self, home: Path) -> dict[str, str]:
        """docmill's home is the folder, and the prices are in force."""
        return clean_environment(home) | {
            "DOCMILL_PRICING_PER_CPU_HOUR": str(self.price.per_cpu_hour),
            "DOCMILL_PRICING_PER_GPU_HOUR": str(self.price.per_gpu_hour),
        }


def warmed(work: Work, beside: Beside, corpus: Corpus, folder: Path) -> None:
    """Convert all of it once: a server that stays has then seen every page before the first turn."""
    _convert(work, beside, corpus.many, folder)


def taken(work: Work, beside: Beside, corpus: Corpus, folder: Path) -> Made:
    """Convert few pages to warm everything up, then few and many, each time in a store of their own.

    Raises `CommandFailedError`.
    """
    _convert(work, beside, corpus.few, folder / "warm")
    few, _ = _convert(work, beside, corpus.few, folder / "few")
    many, servers = _convert(work, beside, corpus.many, folder / "many")
    account = read_account(folder / "many", work.price)
    turn = turn_of(_pages(corpus.many), _pages(corpus.few), few, many, servers, account, work.price)
    return Made(turn, hashes(folder / "many" / "out"), account.reasons)


def turn_of(
    pages: int,
    few_pages: int,
    few: Spent,
    many: Spent,
    servers: Mapping[str, float],
    account: Account,
    price: Price,
) -> Turn:
    """What so many pages and a few took, and the CPU seconds of servers meanwhile, as a turn."""
    everything = many.cpu_s + many.server_cpu_s
    return Turn(
        page=round_of(pages, few_pages, few, many),
        servers_cpu_ms={name: 1000 * seconds / pages for name, seconds in servers.items()},
        all_cpu_ms=1000 * everything / pages,
        told_cpu_ms=1000 * account.cpu_s / pages,
        told_device_ms=1000 * account.device_s / pages,
        told_usd=_MILLION * account.cost / pages,
        counted_usd=_MILLION * everything / _HOUR_S * price.per_cpu_hour / pages,
        documents=account.documents,
        converted=account.converted,
    )


def _convert(
    work: Work, beside: Beside, files: Sequence[CorpusFile], home: Path
) -> tuple[Spent, dict[str, float]]:
    home.mkdir(parents=True)
    paths = [str(file.path) for file in files]
    convert = [sys.executable, "-m", "docmill.pipeline.cli", "convert", *paths, "--out", str(home / "out")]
    how = ["--format", "json", "--jobs", str(work.workers), *work.options, *beside.options]
    before = {name: server_tree.cpu_seconds(pid) for name, pid in beside.servers.items()}
    cost = counted([*convert, *how], work.variables(home), CHECKOUT)
    servers = {
        name: server_tree.grown(before[name], server_tree.cpu_seconds(pid))
        for name, pid in beside.servers.items()
    }
    return Spent(cost.wall_s, cost.cpu_s, sum(servers.values())), servers


def _pages(files: Sequence[CorpusFile]) -> int:
    return sum(file.pages for file in files)
