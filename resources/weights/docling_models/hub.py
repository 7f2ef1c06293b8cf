"""docling's checkpoints from the hub: pinned revisions, verified digests.

`$HF_ENDPOINT` names a mirror, as for the hub's own client. The repositories are public, and no token is sent.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from docmill.resources.weights.docling_models.catalogue import Checkpoint, HubFile
from docmill.resources.weights.docling_models.checkpoint import sha256_of
from docmill.resources.weights.docling_models.errors import HubError
from docmill.resources.weights.download import PATIENT, Patience, TransferError, download

__all__ = ["Hub", "Report", "default_hub"]

#: Called with words for the user.
Report = Callable[[str], None]

_HUB = "https://huggingface.co"


@dataclass(frozen=True)
class Hub:
    """Where the hub is, and how long to bear with it."""

    address: str = _HUB
    patience: Patience = PATIENT

    def fetch(self, checkpoint: Checkpoint, cache: Path, report: Report = lambda _: None) -> Path:
        """The checkpoint's folder in `cache`, after fetching what is missing. Raises `HubError`."""
        folder = cache / checkpoint.folder / checkpoint.revision
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / ".lock"):
                for file in checkpoint.files:
                    if not _complete(folder / file.path, file):
                        report(f"fetching {checkpoint.repository} {file.path} ({file.size / 1e6:.1f} MB)")
                        self._fetch(checkpoint, file, folder / file.path)
        except OSError as error:
            raise HubError(f"{folder} cannot be written: {error.strerror}; set DOCMILL_HOME") from error
        return folder

    def _fetch(self, checkpoint: Checkpoint, file: HubFile, target: Path) -> None:
        path = urllib.parse.quote(file.path)
        url = f"{self.address.rstrip('/')}/{checkpoint.repository}/resolve/{checkpoint.revision}/{path}"
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        try:
            download(url, part, file.size, self.patience)
        except TransferError as error:
            raise self._failure(checkpoint, url, str(error)) from error
        if part.stat().st_size != file.size or sha256_of(part) != file.sha256:
            part.unlink()
            raise HubError(
                f"{url} is not the file that docmill was made for: its size or SHA-256 differs. Try again; "
                "if a mirror is in between, ask whoever runs it"
            )
        part.replace(target)

    def _failure(self, checkpoint: Checkpoint, url: str, reason: str) -> HubError:
        return HubError(
            f"{url} could not be fetched: {reason}. Without the hub, put {checkpoint.repository} "
            f"({', '.join(file.path for file in checkpoint.files)}) into a folder DIR/{checkpoint.folder} "
            "and run: docmill models pull docling --from DIR"
        )


def default_hub() -> Hub:
    """The hub, or the mirror that `$HF_ENDPOINT` names."""
    return Hub(os.environ.get("HF_ENDPOINT") or _HUB)


def _complete(path: Path, file: HubFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256
