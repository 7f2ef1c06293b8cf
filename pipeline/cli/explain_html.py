"""`docmill explain FILE --html`: the pages of a document to look at, in one file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from docmill.pipeline.cli.ask_ledger import find_documents_named
from docmill.pipeline.cli.places import the_password, the_price, the_sources, the_store
from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.convert.pdf.page_range import check_page_range, select_pages
from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.corpus.ledger.select import FAILED
from docmill.pipeline.corpus.view.html.page import view_page
from docmill.pipeline.corpus.view.pictures import draw_pages
from docmill.pipeline.corpus.view.views import read_pages, view_of
from docmill.pipeline.stages.results.artifacts import ArtifactStore
from docmill.pipeline.stages.running.worker import ReaderSettings

__all__ = ["MOST_PAGES", "write_view"]

#: A picture has at most 400 kB, so that the file stays below 25 MB.
MOST_PAGES = 40
#: Nobody is to write it over the document itself.
_SUFFIXES = (".html", ".htm")


def write_view(name: str, out: Path, *, pages: str, password_file: str) -> int:
    """Write the pages of a document of that name, address or id.

    Raises `BackendConfigError` for a document or pages that are not there, or a file that cannot be written.
    """
    check_page_range(pages or "1-")
    if out.suffix.lower() not in _SUFFIXES:
        raise BackendConfigError(f"{out} does not end in .html")
    store = the_store()
    row = _the_one(name, find_documents_named(open_ledger(store), name).rows)
    artifacts = ArtifactStore(store)
    numbers, notes = _chosen(pages, row.page_count, read_pages(row, artifacts))
    if row.message and row.state in (*FAILED, "partial"):
        notes.insert(0, f"{row.reason}: {row.message} {row.remedy}")
    view = view_of(row, artifacts, the_price(), numbers)
    reader = ReaderSettings(the_password(password_file))
    pictures = draw_pages(row.ref, numbers, artifacts, the_sources(), reader)
    try:
        out.write_bytes(view_page(view, pictures, notes).encode("utf-8", "replace"))
    except OSError as error:
        raise BackendConfigError(f"cannot write the page {out}: {error.strerror}") from error
    for note in notes:
        print(note)
    print(out)
    return 0


def _chosen(asked: str, page_count: int, read: Sequence[int]) -> tuple[list[int], list[str]]:
    """The pages that are shown of those that were read, and what is to be said of the others."""
    chosen, notes = set(select_pages(asked, page_count) if asked else read), []
    there = [number for number in read if number in chosen]
    if missing := len(chosen) - len(there):
        notes.append(f"{missing} of the pages asked for were not converted: --pages of docmill convert")
    if len(there) > MOST_PAGES:
        notes.append(
            f"{MOST_PAGES} of {len(there)} pages are here, the most of a file: "
            f"--pages {there[MOST_PAGES]}- shows those that follow"
        )
    return there[:MOST_PAGES], notes


def _the_one(name: str, rows: Sequence[DocumentRow]) -> DocumentRow:
    if not rows:
        raise BackendConfigError(f"docmill has not seen {name}")
    if len({row.id for row in rows}) > 1:
        ids = ", ".join(f"{row.id[:12]} ({row.name}, {row.state})" for row in rows)
        raise BackendConfigError(f"{name} is several documents, name one by its id: {ids}")
    return rows[0]
