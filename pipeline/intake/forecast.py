"""What files will take that were not converted yet: pages, seconds and money, each as an interval.

What is thought of pages (`shapes`) is corrected by what documents took so far. What is uncertain is drawn, a
thousand times: how many pages files have that were not opened, how documents differ, how well their mean is
known, the mood of the machine. An interval holds nine of ten draws.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

import msgspec
import numpy as np
from numpy.typing import NDArray

from docmill.pipeline.convert.errors import PageRangeError
from docmill.pipeline.convert.pdf.page_range import select_pages
from docmill.pipeline.intake.page_counts import Look, PagesBySize
from docmill.pipeline.intake.rates import Floats, Luck, Prior, Rate
from docmill.pipeline.intake.shapes import (
    BYTES_A_PAGE,
    PAGE_BYTES,
    REQUESTS_A_DOCUMENT,
    Seconds,
    Setup,
    shape_of,
)
from docmill.pipeline.stages.selection import CHUNK_PAGES
from docmill.resources.price import Price

__all__ = ["LEVEL", "Asked", "File", "Forecast", "Interval", "PastDocument", "chosen", "forecast"]

#: Of ten intervals so many hold.
LEVEL = 0.9
_DRAWS = 1000
#: Files that stand for all; more tell no more.
_CHOSEN = 400
#: What a run takes beside its documents; how far that may be wrong, and how far workers go at once.
_START_S, _START_SPREAD, _WORKERS_SPREAD = 2.6, 0.6, 0.1
#: Bytes of a page vary so much, and files that were not opened hold scans or not.
_PAGE_BYTES_SPREAD, _UNSEEN_DOUBT, _UNSEEN_SCANS = 1.2, 1.2, 0.05
#: Files of like size that tell more than what pages' bytes are; of more than so many, as many are taken.
_LIKE_ENOUGH, _LIKE_MOST, _UNLIKE, _FEW = 5, 200, 0.2, 0.6
#: Documents with text that tell more than any documents.
_ENOUGH = 3


class Interval(msgspec.Struct, frozen=True):
    """Nine of ten times it is from `low` to `high`; as often above `likely` as below."""

    low: float
    likely: float
    high: float


@dataclass(frozen=True)
class File:
    """A file to convert; without a look its pages are guessed by its size."""

    source: str
    size: int
    look: Look | None = None


@dataclass(frozen=True)
class PastDocument:
    """A document that was converted like that: what it took; `scanned` is None where nobody looked."""

    batch: str
    pages: int
    seconds: float
    cpu_seconds: float = 0.0
    gpu_seconds: float = 0.0
    scanned: float | None = None


@dataclass(frozen=True)
class Asked:
    """How it is to be converted: `jobs` are the workers, `range` the pages as people write them."""

    setup: Setup = field(default_factory=Setup)
    jobs: int = 1
    range: str = ""
    price: Price | None = None
    #: Documents of one run.
    batch: int = 64


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """`wall_seconds` are with the jobs given; `cost` has no storage, which is paid by the month.

    `opened` of the files were looked into, `unreadable` of those cannot be converted. `past` documents that
    were converted like that stand behind it; with none, what was measured elsewhere.
    """

    documents: int
    opened: int
    unreadable: int
    past: int
    jobs: int
    level: float
    pages: Interval
    scanned_pages: Interval
    worker_seconds: Interval
    wall_seconds: Interval
    cpu_seconds: Interval
    gpu_seconds: Interval
    cost: Interval | None = None
    storage_per_month: Interval | None = None
    currency: str = ""


@dataclass(frozen=True)
class _Drawn:
    """Pages and scanned pages of the chosen files, draws by files; `unseen` are those nobody looked into."""

    pages: Floats
    scans: Floats
    unseen: Floats
    files: Floats


def chosen(files: Collection[File]) -> list[File]:
    """The files that stand for all: themselves when they are few, else as many of each size."""
    ordered = sorted(files, key=lambda file: (file.size, file.source))
    if len(ordered) <= _CHOSEN:
        return ordered
    return [ordered[(2 * number + 1) * len(ordered) // (2 * _CHOSEN)] for number in range(_CHOSEN)]


def forecast(
    files: Sequence[File],
    documents: int,
    past: Sequence[PastDocument],
    by_size: PagesBySize,
    asked: Asked,
) -> Forecast:
    """What so many `documents` take, of which `files` are those that were `chosen`."""
    luck = Luck(len(files), _DRAWS)
    if asked.setup.all_scans:
        past = [replace(each, scanned=1.0) for each in past]
    drawn = _pages(files, documents, by_size, asked, luck.dice)
    shape = shape_of(asked.setup)
    worker = _seconds(shape.worker, drawn, past, attrgetter("seconds"), luck)
    cpu = _seconds(shape.cpu, drawn, past, attrgetter("cpu_seconds"), luck)
    gpu = _seconds(shape.gpu, drawn, past, attrgetter("gpu_seconds"), luck)
    pages = drawn.pages.sum(axis=1)
    price = asked.price
    cost = storage = None
    if price:
        cost = cpu.sum(axis=1) * price.of({}, 1.0) + gpu.sum(axis=1) * price.of({"": 1.0})
        cost = cost + price.of_store(0, documents * REQUESTS_A_DOCUMENT)
        storage = pages * price.of_store(BYTES_A_PAGE) if price.per_gb_month else None
    opened = sum(file.look is not None for file in files)
    unreadable = sum(file.look is not None and not file.look.pages for file in files)
    share = documents / len(files) if files else 1.0
    return Forecast(
        documents=documents,
        opened=opened,
        unreadable=round(unreadable * share),
        past=sum(each.seconds > 0 for each in past),
        jobs=asked.jobs,
        level=LEVEL,
        pages=_interval(pages),
        scanned_pages=_interval(drawn.scans.sum(axis=1)),
        worker_seconds=_interval(worker.sum(axis=1)),
        wall_seconds=_interval(_wall(worker, drawn, documents, asked, _crowding(past, asked), luck)),
        cpu_seconds=_interval(cpu.sum(axis=1)),
        gpu_seconds=_interval(gpu.sum(axis=1)),
        cost=None if cost is None else _interval(cost),
        storage_per_month=None if storage is None else _interval(storage),
        currency=price.currency if price else "",
    )


def _pages(
    files: Sequence[File], documents: int, by_size: PagesBySize, asked: Asked, dice: np.random.Generator
) -> _Drawn:
    count = len(files)
    # dice of their own: what is drawn of files that were opened stays as it is
    shared: Floats = np.random.default_rng([count, _DRAWS]).standard_normal(_DRAWS)
    pages, share = np.zeros((_DRAWS, count)), np.zeros(count)
    all_scans = asked.setup.all_scans
    unseen = np.array([file.look is None and not all_scans for file in files], np.float64)
    for number, file in enumerate(files):
        if file.look:
            pages[:, number] = _selected(asked.range, file.look.pages)
            share[number] = 1.0 if all_scans else file.look.scanned
        else:
            share[number] = 1.0 if all_scans else 0.0
            guessed = _guessed(file.size, by_size, shared, dice)
            distinct, places = np.unique(guessed, return_inverse=True)
            pages[:, number] = np.array([_selected(asked.range, int(each)) for each in distinct])[places]
    if documents > count:  # another choice would be other files
        times = dice.multinomial(count, np.full(count, 1 / count), _DRAWS).astype(np.float64)
        stands: Floats = times * (documents / count)
        pages = pages * stands
    else:
        stands = np.ones((_DRAWS, count))
    return _Drawn(pages, pages * share, unseen, stands)


def _guessed(size: int, by_size: PagesBySize, shared: Floats, dice: np.random.Generator) -> Floats:
    """Pages of a file that was not opened: those of files of like size, or by what pages' bytes are."""
    like = by_size.like(size, _LIKE_ENOUGH)[:_LIKE_MOST]
    if len(like) < _LIKE_ENOUGH:
        bytes_ = PAGE_BYTES * np.exp(dice.normal(0.0, _PAGE_BYTES_SPREAD, _DRAWS))
        thought: Floats = np.maximum(1.0, np.round(size / bytes_))
        return thought
    # the files that are known are a choice, too: each draw has another, the same for all files of the size
    choices = np.random.default_rng(len(like)).integers(len(like), size=(_DRAWS, len(like)))
    picked = choices[np.arange(_DRAWS), dice.integers(len(like), size=_DRAWS)]
    # no file is quite like another, and few files tell little of all
    apart = np.exp(dice.normal(0.0, _UNLIKE, _DRAWS) + shared * _FEW / np.sqrt(len(like)))
    pages: Floats = np.maximum(1.0, np.round(like[picked] * apart))
    return pages


def _selected(range_: str, pages: int) -> int:
    if not range_.strip() or not pages:
        return pages
    try:
        return len(select_pages(range_, pages))
    except PageRangeError:
        return 0


def _seconds(
    shape: Seconds,
    drawn: _Drawn,
    past: Sequence[PastDocument],
    spent: Callable[[PastDocument], float],
    luck: Luck,
) -> Floats:
    """Seconds of each file, draws by files; `spent` are those of a document, 0 where nobody measured.

    Pages with text and those without have a rate each, learned from the documents that are mostly of them;
    files that nobody looked into have one of all documents.
    """
    count, prior = drawn.pages.shape[1], shape.prior
    if not shape.page and not shape.scan:
        return np.zeros_like(drawn.pages)
    told = [each for each in past if spent(each) > 0]
    known = _Known.of(told, [spent(each) for each in told], shape)
    text_only = known.looked & ~known.scans
    wide = Prior(max(prior.doubt, _UNSEEN_DOUBT), 2 * prior.spread, 1.3 * prior.mood)
    if text_only.sum() >= _ENOUGH or known.looked.all():
        text = known.rate(prior, text_only)
    else:  # whatever they are, they tell how fast the machine is
        text = known.rate(wide, text_only | ~known.looked)
    any_page = shape.page + _UNSEEN_SCANS * shape.scan
    any_ = known.rate(wide, np.ones_like(known.looked), any_page=any_page)
    # a machine that is slow with text is slow with scans
    scans = known.rate(prior, known.scans, less=text.mean)
    seen = 1.0 - drawn.unseen
    seconds: Floats = (
        seen * shape.page * drawn.pages * text.draw(luck, count)
        + seen * shape.scan * drawn.scans * scans.draw(luck, count) * np.exp(text.mean)
        + drawn.unseen * any_page * drawn.pages * any_.draw(luck, count)
    )
    return seconds


@dataclass(frozen=True)
class _Known:
    """Past documents by column: seconds, pages, what those and their scans are thought to take, batches.

    `scans` are those that are mostly scans, as far as they were `looked` at.
    """

    seconds: Floats
    pages: Floats
    page: Floats
    scan: Floats
    looked: NDArray[np.bool_]
    scans: NDArray[np.bool_]
    batches: Sequence[str]

    @classmethod
    def of(cls, past: Sequence[PastDocument], took: Sequence[float], shape: Seconds) -> _Known:
        pages = np.array([each.pages for each in past], np.float64)
        page = shape.page * pages
        scan = shape.scan * pages * np.array([each.scanned or 0.0 for each in past])
        looked = np.array([each.scanned is not None for each in past], bool)
        return cls(
            np.asarray(took, np.float64),
            pages,
            page,
            scan,
            looked,
            scan > page,
            [each.batch for each in past],
        )

    def rate(
        self, prior: Prior, which: NDArray[np.bool_], *, less: float = 0.0, any_page: float = 0.0
    ) -> Rate:
        """Of some, with logarithms `less` so much; by pages alone with `any_page` for each."""
        thought = self.pages * any_page if any_page else self.page + self.scan
        chosen = np.flatnonzero(which & (thought > 0)).tolist()
        ratios: Floats = self.seconds[chosen] / thought[chosen] / np.exp(less)
        return Rate.learn(prior, ratios, [self.batches[number] for number in chosen])


def _crowding(past: Sequence[PastDocument], asked: Asked) -> float:
    """How much longer all takes because others use the processors, too: wall to CPU time."""
    told = [each for each in past if each.cpu_seconds > 0]
    if asked.setup.served or not told:  # workers wait for servers, too
        return 1.0
    return max(1.0, sum(each.seconds for each in told) / sum(each.cpu_seconds for each in told))


def _wall(worker: Floats, drawn: _Drawn, documents: int, asked: Asked, crowding: float, luck: Luck) -> Floats:
    """Workers go at once until the longest chunk is left; each run starts and ends."""
    dice, files = luck.dice, np.maximum(drawn.files, 1.0)
    chunks = np.maximum(np.ceil(drawn.pages / files / CHUNK_PAGES), 1.0)
    longest = (worker / files / chunks).max(axis=1, initial=0.0)
    work = np.maximum(worker.sum(axis=1) / asked.jobs, longest)
    runs = -(-documents // asked.batch)
    slow = dice.normal(_START_SPREAD / 2, _START_SPREAD, _DRAWS) + _START_SPREAD * luck.mood
    # the others may be gone by then
    start = _START_S * runs * np.exp(slow) * crowding ** dice.uniform(0.0, 1.0, _DRAWS)
    wall: Floats = work * np.exp(np.abs(dice.normal(0.0, _WORKERS_SPREAD, _DRAWS))) + start
    return wall


def _interval(draws: Floats) -> Interval:
    low, likely, high = np.quantile(draws, [(1 - LEVEL) / 2, 0.5, (1 + LEVEL) / 2])
    return Interval(float(low), float(likely), float(high))
