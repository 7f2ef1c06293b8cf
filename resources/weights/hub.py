"""Checkpoints from a model hub (Hugging Face's protocol): one revision, every file checked.

Plain HTTP, so that the weights of a server need no client library here: a listing of the revision with sizes
and checksums, then each file. A file is fetched beside its place and renamed when its checksum is right; what
is there already is not fetched again, and what has come of a file is kept.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import msgspec

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.resources.weights.download import PATIENT, Patience, TransferError, download, read
from docmill.resources.weights.embedded_weights import Progress

__all__ = ["GRANITE_DOCLING", "Checkpoint", "Hub", "HubCache"]

_ENDPOINT = "https://huggingface.co"
_PIECE = 1 << 20
#: Written last: without it a checkpoint counts as missing.
_RECORD = ".docmill.json"


@dataclass(frozen=True)
class Checkpoint:
    """A model on a hub: the files of one revision that match one of the patterns."""

    name: str
    repository: str
    revision: str
    files: tuple[str, ...] = ("*.json", "*.jinja", "*.safetensors", "*.txt")


#: vLLM needs the revision whose input and output embeddings are two tensors.
GRANITE_DOCLING = Checkpoint("granite-docling", "ibm-granite/granite-docling-258M", "untied")


class _Lfs(msgspec.Struct, frozen=True):
    sha256: str = ""


class _File(msgspec.Struct, frozen=True, rename={"path": "rfilename", "git_sha1": "blobId"}):
    """A file as the hub lists it: big ones with a SHA-256, small ones with git's own hash of a blob."""

    path: str
    size: int
    git_sha1: str = ""
    lfs: _Lfs | None = None


class _Listing(msgspec.Struct, frozen=True):
    sha: str
    siblings: list[_File] = []


class _Kept(msgspec.Struct, frozen=True):
    """What is known of a complete checkpoint: its commit, and the sizes of its files."""

    commit: str
    sizes: dict[str, int]


@dataclass(frozen=True)
class Hub:
    """Where the hub is, the token that it may want, and how long to bear with it."""

    endpoint: str = _ENDPOINT
    token: str = ""
    patience: Patience = PATIENT

    @classmethod
    def of_environment(cls) -> Hub:
        """`$HF_ENDPOINT` and `$HF_TOKEN`, as for the hub's own tools."""
        return cls((os.environ.get("HF_ENDPOINT") or _ENDPOINT).rstrip("/"), os.environ.get("HF_TOKEN") or "")

    def listing(self, checkpoint: Checkpoint) -> _Listing:
        """The revision's commit and its files. Raises `ModelDownloadError`."""
        revision = quote(checkpoint.revision, safe="")
        address = f"{self.endpoint}/api/models/{checkpoint.repository}/revision/{revision}?blobs=true"
        try:
            return msgspec.json.decode(read(address, self.patience, self._headers()), type=_Listing)
        except TransferError as error:
            raise self._failure(checkpoint, error) from error
        except msgspec.MsgspecError as error:
            raise ModelDownloadError(f"{self.endpoint} is no model hub: {error}") from error

    def fetch(self, checkpoint: Checkpoint, commit: str, file: _File, target: Path) -> None:
        """What `target` lacks of a file of a commit. Raises `ModelDownloadError` and `OSError`."""
        address = f"{self.endpoint}/{checkpoint.repository}/resolve/{commit}/{quote(file.path)}"
        try:
            download(address, target, file.size, self.patience, self._headers())
        except TransferError as error:
            raise self._failure(checkpoint, error) from error

    def _headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    def _failure(self, checkpoint: Checkpoint, error: TransferError) -> ModelDownloadError:
        if error.status:
            return ModelDownloadError(
                f"{self.endpoint} has no {checkpoint.repository} at {checkpoint.revision}, or not for you: "
                f"{error}; set HF_TOKEN where it needs one"
            )
        return ModelDownloadError(
            f"the model hub {self.endpoint} cannot be reached: {error}; set HF_ENDPOINT to one that can, "
            "or copy a checkpoint into a folder and serve that"
        )


@dataclass(frozen=True)
class HubCache:
    """Checkpoints in a folder, one folder each."""

    folder: Path

    def path(self, checkpoint: Checkpoint) -> Path:
        """The folder of a complete checkpoint; checks presence and sizes. Raises `ModelDownloadError`."""
        folder = self._folder(checkpoint)
        try:
            kept = msgspec.json.decode((folder / _RECORD).read_bytes(), type=_Kept)
            whole = all((folder / name).stat().st_size == size for name, size in kept.sizes.items())
        except (OSError, msgspec.MsgspecError):
            whole = False
        if not whole:
            raise ModelDownloadError(
                f"{checkpoint.repository} is not in {folder}. Fetch it: docmill models pull {checkpoint.name}"
            )
        return folder

    def ensure(self, checkpoint: Checkpoint, hub: Hub, progress: Progress | None = None) -> Path:
        """The checkpoint's folder, after fetching what is missing. Raises `ModelDownloadError`."""
        folder = self._folder(checkpoint)
        listing = hub.listing(checkpoint)
        wanted = [
            f for f in listing.siblings if any(fnmatch(f.path, pattern) for pattern in checkpoint.files)
        ]
        if not any(file.path.endswith(".safetensors") for file in wanted):
            raise ModelDownloadError(f"{checkpoint.repository} has no weights at {checkpoint.revision}")
        try:
            for done, file in enumerate(wanted):
                if progress:
                    progress(file.path, done, len(wanted))
                _fetch(hub, checkpoint, listing.sha, file, folder / _safe(file.path))
            kept = _Kept(listing.sha, {file.path: (folder / file.path).stat().st_size for file in wanted})
            (folder / _RECORD).write_bytes(msgspec.json.encode(kept))
        except OSError as error:
            raise ModelDownloadError(f"{folder} cannot be written: {error}") from error
        if progress:
            progress("", len(wanted), len(wanted))
        return self.path(checkpoint)

    def _folder(self, checkpoint: Checkpoint) -> Path:
        return self.folder / f"{checkpoint.name}-{checkpoint.revision}"


def _safe(path: str) -> str:
    """A path that stays inside its folder, whatever the hub says."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts:
        raise ModelDownloadError(f"the hub lists a file {path!r} outside of the checkpoint")
    return path


def _fetch(hub: Hub, checkpoint: Checkpoint, commit: str, file: _File, target: Path) -> None:
    if target.is_file() and _is_right(target, file):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = target.with_name(f".{target.name}.part")
    hub.fetch(checkpoint, commit, file, scratch)
    if not _is_right(scratch, file):
        scratch.unlink()
        raise ModelDownloadError(f"{file.path} of {checkpoint.repository} fails its checksum: fetch it again")
    scratch.replace(target)


def _is_right(path: Path, file: _File) -> bool:
    """Whether a file is the one that the hub lists."""
    size = path.stat().st_size
    if file.size != size:
        return False
    if file.lfs and file.lfs.sha256:
        digest, expected = hashlib.sha256(), file.lfs.sha256
    elif file.git_sha1:
        digest, expected = hashlib.sha1(f"blob {size}\0".encode(), usedforsecurity=False), file.git_sha1
    else:
        return False
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest() == expected
