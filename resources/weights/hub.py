"""A client of model hubs, by Hugging Face's protocol: the files of a revision, each verified.

A file is fetched beside its place and renamed when its digest is right. What has come of one is kept,
whatever ends the process; the hub's own client begins it anew, and does not verify it (docs/tried.md).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import msgspec
from filelock import FileLock

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.resources.weights.download import PATIENT, Patience, TransferError, download, read

__all__ = ["Hub", "HubFile"]

_HUB = "https://huggingface.co"


@dataclass(frozen=True)
class HubFile:
    """A file of a revision, with its SHA-256, or else git's own hash of a blob."""

    path: str
    size: int
    sha256: str = ""
    git_sha1: str = ""

    def is_at(self, path: Path) -> bool:
        """Whether this file, and no other, is at `path`; reads it."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        if self.sha256:
            begun, expected = hashlib.sha256(), self.sha256
        else:
            begun = hashlib.sha1(f"blob {self.size}\0".encode(), usedforsecurity=False)
            expected = self.git_sha1
        with path.open("rb") as source:
            return hashlib.file_digest(source, lambda: begun).hexdigest() == expected


class _Lfs(msgspec.Struct, frozen=True):
    sha256: str = ""


class _Listed(msgspec.Struct, frozen=True, rename={"path": "rfilename", "git_sha1": "blobId"}):
    path: str
    size: int
    git_sha1: str = ""
    lfs: _Lfs | None = None


class _Listing(msgspec.Struct, frozen=True):
    sha: str
    siblings: list[_Listed] = []


@dataclass(frozen=True)
class Hub:
    """Where the hub is, the token that it may want, and how long to bear with it."""

    address: str = _HUB
    token: str = ""
    patience: Patience = PATIENT

    @classmethod
    def of_environment(cls) -> Hub:
        """`$HF_ENDPOINT` and `$HF_TOKEN`, as for the hub's own tools."""
        return cls((os.environ.get("HF_ENDPOINT") or _HUB).rstrip("/"), os.environ.get("HF_TOKEN") or "")

    def listing(self, repository: str, revision: str, otherwise: str) -> tuple[str, list[HubFile]]:
        """A revision's commit, and its files with the hub's digests; raises `ModelDownloadError`."""
        url = f"{self.address}/api/models/{repository}/revision/{quote(revision, safe='')}?blobs=true"
        try:
            found = msgspec.json.decode(read(url, self.patience, self._headers()), type=_Listing)
        except TransferError as error:
            raise _failure(url, error, otherwise) from error
        except msgspec.MsgspecError as error:
            raise ModelDownloadError(f"{self.address} is no model hub: {error}") from error
        return found.sha, [
            HubFile(file.path, file.size, file.lfs.sha256 if file.lfs else "", file.git_sha1)
            for file in found.siblings
        ]

    def fetch(
        self,
        repository: str,
        revision: str,
        files: Sequence[HubFile],
        folder: Path,
        otherwise: str,
        begin: Callable[[HubFile], None] = lambda _: None,
    ) -> None:
        """Fetch what `folder` lacks of these files of a revision; one process at a time does.

        `begin` is called before each file, `otherwise` says what to do without the hub. Raises
        `ModelDownloadError`.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / ".lock"):
                for file in files:
                    target = folder / _safe(file.path)
                    if not file.is_at(target):
                        begin(file)
                        url = f"{self.address}/{repository}/resolve/{revision}/{quote(file.path)}"
                        self._fetch(url, file, target, otherwise)
        except OSError as error:
            raise ModelDownloadError(
                f"{folder} cannot be written: {error.strerror or error}; set DOCMILL_HOME or DOCMILL_MODELS"
            ) from error

    def _fetch(self, url: str, file: HubFile, target: Path, otherwise: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f".{target.name}.part")
        try:
            download(url, part, file.size, self.patience, self._headers())
        except TransferError as error:
            raise _failure(url, error, otherwise) from error
        if not file.is_at(part):
            part.unlink()
            raise ModelDownloadError(
                f"{url} is not the file that it is to be: its size or checksum differs. Try again; if a "
                "mirror is in between, ask whoever runs it"
            )
        part.replace(target)

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}


def _failure(url: str, error: TransferError, otherwise: str) -> ModelDownloadError:
    return ModelDownloadError(
        f"{url} could not be fetched: {error}. Set HF_ENDPOINT to a hub that can be reached, and HF_TOKEN "
        f"where it wants one. Without a hub, {otherwise}"
    )


def _safe(path: str) -> str:
    """A path that stays inside its folder, whatever the hub says."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise ModelDownloadError(f"the hub lists a file {path!r} outside of the checkpoint")
    return path
