"""An inbox as it is seen from outside: how much lies there. Nothing is read, taken or remembered."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from datetime import datetime

from docmill.resources.clients.files.listing import Listing

__all__ = ["InboxView", "view_inbox"]

#: Digits of `InboxView.digest`.
_DIGITS = 16


@dataclass(frozen=True)
class InboxView:
    """The files of an inbox; those with the first names only when it is not `whole`.

    `size` is in bytes; `newest` is when the last of them arrived at the latest; `digest` is the same for the
    same files in the same versions.
    """

    files: int
    pdfs: int
    size: int
    newest: datetime | None
    digest: str
    whole: bool


def view_inbox(listing: Listing, most: int, seconds: float) -> InboxView:
    """List so many files at most, for so long, from the first name on.

    Raises `SourceMissingError` when there is no such inbox, `BackendUnavailableError` when a server does not
    answer.
    """
    deadline = time.monotonic() + seconds
    files = pdfs = size = 0
    newest: datetime | None = None
    digest, whole = hashlib.sha256(), True
    for each in listing.after(""):
        if files == most or time.monotonic() > deadline:
            whole = False
            break
        files += 1
        pdfs += each.name.lower().endswith(".pdf")
        size += each.size
        newest = max(newest or each.arrived, each.arrived)
        digest.update(f"{each.name}\0{each.version}\0".encode())
    return InboxView(files, pdfs, size, newest, digest.hexdigest()[:_DIGITS], whole)
