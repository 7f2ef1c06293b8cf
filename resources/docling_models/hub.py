"""Fetches checkpoints from the hub by plain HTTPS: pinned revisions, verified digests, downloads that go on.

`$HF_ENDPOINT` names a mirror, as for the hub's own client; proxies and certificates are those of the
environment. The repositories are public, and no token is sent.
"""

from __future__ import annotations

import http.client
import os
import random
import shutil
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.docling_models.catalogue import Checkpoint, HubFile
from resources.docling_models.checkpoint import sha256_of
from resources.docling_models.errors import HubError
from resources.virtual_environment import locked

__all__ = ["Hub", "Report", "default_hub"]

#: Called with words for the user.
Report = Callable[[str], None]

_HUB = "https://huggingface.co"
_PASSING = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class Hub:
    """Where the hub is and how long to bear with it. `timeout_s` is for each silence, not for a file."""

    address: str = _HUB
    timeout_s: float = 30.0
    attempts: int = 5
    longest_pause_s: float = 20.0

    def fetch(self, checkpoint: Checkpoint, cache: Path, report: Report = lambda _: None) -> Path:
        """The checkpoint's folder in `cache`, after fetching what is missing. Raises `HubError`."""
        folder = cache / checkpoint.folder / checkpoint.revision
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with locked(folder / ".lock"):
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
        for attempt in range(1, self.attempts + 1):
            try:
                self._continue(url, part, file.size)
                break
            except urllib.error.HTTPError as error:
                if error.code not in _PASSING or attempt == self.attempts:
                    raise self._failure(checkpoint, url, f"HTTP status {error.code}") from error
            except (OSError, http.client.HTTPException) as error:
                if isinstance(error, OSError) and error.errno and not isinstance(error, ConnectionError):
                    raise  # the disk, not the network
                if attempt == self.attempts:
                    reason = getattr(error, "reason", error)
                    raise self._failure(checkpoint, url, f"{reason or type(error).__name__}") from error
            time.sleep(random.uniform(0, min(self.longest_pause_s, 2.0 ** (attempt - 1))))
        if part.stat().st_size != file.size or sha256_of(part) != file.sha256:
            part.unlink()
            raise HubError(
                f"{url} is not the file that docmill was made for: its size or SHA-256 differs. Try again; "
                "if a mirror is in between, ask whoever runs it"
            )
        part.replace(target)

    def _continue(self, url: str, part: Path, size: int) -> None:
        """Append what is missing of a file of `size` bytes, or begin anew where that cannot be had."""
        have = part.stat().st_size if part.exists() else 0
        if have > size:
            part.unlink()
            have = 0
        if have == size:
            return
        headers = {"User-Agent": "docmill", "Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        request = urllib.request.Request(url, headers=headers)
        with urllib.request.urlopen(request, timeout=self.timeout_s) as answer:
            mode = "ab" if answer.status == http.HTTPStatus.PARTIAL_CONTENT else "wb"
            with part.open(mode) as out:
                shutil.copyfileobj(answer, out, 1 << 20)
        if part.stat().st_size < size:
            raise ConnectionError("the connection ended early")

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
