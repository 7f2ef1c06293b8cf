"""A checkpoint on disk: found, looked over without being loaded, and identified by its bytes.

Only safetensors and JSON are read. Pickles, which run code when they are loaded, are named and refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from docmill.resources.weights.docling_models.catalogue import Checkpoint
from docmill.resources.weights.docling_models.errors import DamagedCheckpointError, MissingCheckpointError

__all__ = ["LocalCheckpoint", "check_checkpoint", "find_checkpoint", "sha256_of"]

#: As the safetensors library limits it.
_LARGEST_HEADER = 100_000_000
_LARGEST_JSON = 1_000_000
_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


@dataclass(frozen=True)
class LocalCheckpoint:
    """A sound checkpoint: the folder that has the repository's layout, and the digest of each file."""

    folder: Path
    digests: Mapping[str, str]
    #: Whether every file is the one that is pinned.
    pinned: bool


def find_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Where below `folder` the repository lies: in its folder among docling's artifacts, or `folder` itself.

    Raises `MissingCheckpointError`.
    """
    if not folder.is_dir():
        raise MissingCheckpointError(f"{folder} is no folder: name one that holds docling's models")
    candidates = [folder / checkpoint.folder, folder]
    for candidate in candidates:
        if any((candidate / file.path).is_file() for file in checkpoint.files):
            return candidate
    raise MissingCheckpointError(
        f"{folder} has neither {checkpoint.folder}/{checkpoint.files[-1].path} nor "
        f"{checkpoint.files[-1].path}: get {checkpoint.repository} from the hub, or leave these models out "
        "with --only"
    )


def check_checkpoint(folder: Path, checkpoint: Checkpoint) -> LocalCheckpoint:
    """Look over the files in `folder`; raises `MissingCheckpointError` and `DamagedCheckpointError`."""
    missing = [file.path for file in checkpoint.files if not (folder / file.path).is_file()]
    if missing:
        raise MissingCheckpointError(
            f"{folder} lacks {', '.join(missing)}: get them from {checkpoint.repository} on the hub"
        )
    digests = {}
    for file in checkpoint.files:
        path = folder / file.path
        try:
            _check_json(path) if path.suffix == ".json" else _check_safetensors(path)
            digests[file.path] = sha256_of(path)
        except OSError as error:
            raise MissingCheckpointError(f"{path} cannot be read: {error.strerror}") from error
    return LocalCheckpoint(folder, digests, all(digests[f.path] == f.sha256 for f in checkpoint.files))


def sha256_of(path: Path) -> str:
    """The file's digest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_json(path: Path) -> None:
    if path.stat().st_size > _LARGEST_JSON:
        raise DamagedCheckpointError(f"{path} is too large for a configuration: get the file again")
    try:
        value = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise DamagedCheckpointError(f"{path} is no JSON ({error}): get the file again") from error
    if not isinstance(value, dict):
        raise DamagedCheckpointError(f"{path} holds no JSON object: get the file again")


def _check_safetensors(path: Path) -> None:
    """Check that the tensors fill the file, one after the other."""
    size = path.stat().st_size
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(_PICKLES):
            raise DamagedCheckpointError(
                f"{path} is a pickle, which runs code when it is loaded, and is never read here: "
                "get the safetensors file"
            )
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > min(size - 8, _LARGEST_HEADER):
            raise DamagedCheckpointError(f"{path} is no safetensors file, or is truncated: get it again")
        header = file.read(length)
    try:
        tensors: Any = json.loads(header)
        spans = sorted(
            tuple(tensor["data_offsets"]) for name, tensor in tensors.items() if name != "__metadata__"
        )
        ends = [0, *(end for _, end in spans)]
        sound = bool(spans) and all(begin == end for (begin, _), end in zip(spans, ends, strict=False))
    except (ValueError, RecursionError, TypeError, KeyError, AttributeError) as error:
        raise DamagedCheckpointError(f"{path} has a malformed header: get the file again") from error
    if not sound:
        raise DamagedCheckpointError(f"{path} has a header that does not describe its bytes: get it again")
    if 8 + length + ends[-1] != size:
        raise DamagedCheckpointError(
            f"{path} has {size} bytes instead of {8 + length + ends[-1]}: it is truncated; get it again"
        )
