"""`docmill explain`: what became of one document, stage by stage, and of one of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from docmill.pipeline.cli.ask_ledger import find_documents_named
from docmill.pipeline.cli.places import the_price, the_store
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.life import Life, PageLife, StageLife, life_of
from docmill.pipeline.corpus.report import in_words
from docmill.pipeline.stages.results.artifacts import ArtifactStore

__all__ = ["show_life"]


def show_life(name: str, *, page: int, as_json: bool) -> int:
    """Print the life of a file, an address or an id. Raises `BackendConfigError` for what is not known."""
    store = the_store()
    rows = find_documents_named(open_ledger(store), name).rows
    if not rows:
        raise BackendConfigError(f"docmill has not seen {name}")
    console, price, artifacts = Console(highlight=False), the_price(), ArtifactStore(store)
    for row in rows:
        if page and row.page_count and page > row.page_count:
            raise BackendConfigError(f"{row.name} has {row.page_count} pages, and no page {page}")
        life = life_of(row, artifacts, price, page)
        if as_json:
            print(msgspec.json.encode(life).decode())
        else:
            _print(console, life)
    return 0


def _print(console: Console, life: Life) -> None:
    console.print(f"[bold]{escape(life.name)}[/]  {life.state}  {escape(life.source)}")
    if life.reason:
        where = f" in the stage {life.stopped_in}" if life.stopped_in else ""
        console.print(f"{life.reason}{where}: {life.message}", markup=False, soft_wrap=True)
        console.print(life.remedy, markup=False, soft_wrap=True)
    stages = _looked_at(life)
    if stages:
        console.print(_table(life, stages))
    for each in stages:
        found = ", ".join(f"{count:g} {in_words(what)}" for what, count in each.counts.items())
        if found:
            console.print(f"  {each.stage}: {found}", markup=False, soft_wrap=True)
    issues = sorted(life.issues, key=lambda issue: issue.page)
    for issue in issues:
        said = f"  page {issue.page}, {issue.stage}: {issue.reason}: {issue.message}"
        console.print(said, markup=False, soft_wrap=True)
    for reason, remedy in {issue.reason: issue.remedy for issue in issues}.items():
        console.print(f"{reason}: {remedy}", markup=False, soft_wrap=True)
    if life.page:
        for line in _page_lines(life.page):
            console.print(line, markup=False)


def _looked_at(life: Life) -> Sequence[StageLife]:
    """The stages that did something: those after the one that gave the document up did nothing."""
    names = [each.stage for each in life.stages]
    if life.stopped_in not in names:
        return life.stages
    return life.stages[: names.index(life.stopped_in) + 1]


def _table(life: Life, stages: Sequence[StageLife]) -> Table:
    """What stages took; devices and money where there are any."""
    columns: dict[str, Callable[[StageLife | Life], str]] = {
        "seconds": lambda each: f"{each.seconds:.2f}",
        "CPU s": lambda each: f"{each.cpu_seconds:.2f}",
    }
    if life.device_seconds:
        columns["device s"] = lambda each: _device(each.device_seconds)
    if life.currency:
        columns[life.currency] = lambda each: _money(each.cost)
    table = Table("stage", box=None, padding=(0, 2, 0, 0))
    for name in ("pages", *columns, "slowest page"):
        table.add_column(name, justify="right", no_wrap=True)
    for each in stages:
        whole = each.status == "converted" or (each.status == "partial" and not each.issues)
        name = each.stage if whole else f"{each.stage} ({each.status})"
        slowest = f"{each.slowest}: {each.slowest_seconds:.2f} s" if each.slowest else ""
        table.add_row(name, f"{each.pages}", *(column(each) for column in columns.values()), slowest)
    table.add_section()
    table.add_row("all", f"{life.page_count}", *(column(life) for column in columns.values()), style="bold")
    return table


def _page_lines(page: PageLife) -> Iterator[str]:
    timed = ", ".join(f"{stage} {seconds * 1000:.0f} ms" for stage, seconds in page.seconds.items())
    yield f"page {page.page}: {timed or 'not timed'}"
    sure = f", mean confidence {page.ocr_confidence:.2f}" if page.ocr_confidence is not None else ""
    yield f"  {page.lines} lines of the text layer, {page.ocr_lines} of OCR{sure}"
    for why, count in page.left_out.items():
        yield f"  {count} letters and digits left out: {in_words(why)}"
    for region in page.regions:
        box = region.box
        size = page.tables.get(region.id)
        grid = f"  {size[0]} rows, {size[1]} columns" if size else ""
        where = f"({box.l:.0f}, {box.t:.0f}) to ({box.r:.0f}, {box.b:.0f})"
        yield f"  {region.label:<16} {region.score:.2f} by {region.found_by:<9} {where}{grid}"


def _device(seconds: Mapping[str, float]) -> str:
    return f"{sum(seconds.values()):.3f}" if seconds else ""


def _money(cost: float | None) -> str:
    return "" if cost is None else f"{cost:.3g}"
