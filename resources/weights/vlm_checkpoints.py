"""Checkpoints of vision-language models for a server: a branch of a repository, as the hub lists it."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import msgspec

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.resources.weights.embedded_weights import Progress
from docmill.resources.weights.hub import Hub, HubFile

__all__ = ["GRANITE_DOCLING", "VlmCheckpoint", "VlmCheckpoints"]

#: Written last: without it a checkpoint counts as missing.
_RECORD = ".docmill.json"
_WITHOUT = "copy a checkpoint into a folder and serve that"


@dataclass(frozen=True)
class VlmCheckpoint:
    """A model on a hub: the files of one revision that match one of the patterns."""

    name: str
    repository: str
    revision: str
    files: tuple[str, ...] = ("*.json", "*.jinja", "*.safetensors", "*.txt")


#: vLLM needs the revision whose input and output embeddings are two tensors.
GRANITE_DOCLING = VlmCheckpoint("granite-docling", "ibm-granite/granite-docling-258M", "untied")


class _Kept(msgspec.Struct, frozen=True):
    """What is known of a complete checkpoint: its commit, and the sizes of its files."""

    commit: str
    sizes: dict[str, int]


@dataclass(frozen=True)
class VlmCheckpoints:
    """Checkpoints in a folder, one folder each."""

    folder: Path

    def path(self, checkpoint: VlmCheckpoint) -> Path:
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

    def ensure(self, checkpoint: VlmCheckpoint, hub: Hub, progress: Progress = lambda *_: None) -> Path:
        """The checkpoint's folder, after fetching what is missing. Raises `ModelDownloadError`."""
        folder = self._folder(checkpoint)
        commit, files = hub.listing(checkpoint.repository, checkpoint.revision, _WITHOUT)
        wanted = [file for file in files if any(fnmatch(file.path, pattern) for pattern in checkpoint.files)]
        if not any(file.path.endswith(".safetensors") for file in wanted):
            raise ModelDownloadError(f"{checkpoint.repository} has no weights at {checkpoint.revision}")

        def begin(file: HubFile) -> None:
            progress(file.path, wanted.index(file), len(wanted))

        hub.fetch(checkpoint.repository, commit, wanted, folder, _WITHOUT, begin)
        kept = _Kept(commit, {file.path: file.size for file in wanted})
        try:
            (folder / _RECORD).write_bytes(msgspec.json.encode(kept))
        except OSError as error:
            raise ModelDownloadError(f"{folder} cannot be written: {error}") from error
        progress("", len(wanted), len(wanted))
        return self.path(checkpoint)

    def _folder(self, checkpoint: VlmCheckpoint) -> Path:
        return self.folder / f"{checkpoint.name}-{checkpoint.revision}"
