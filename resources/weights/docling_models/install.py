"""Puts exported models into a model repository, whole or not at all, and says what they are made of.

A version is written to a folder beside and takes the old one's place by renaming. `model.source` in it says
what it is made of; nothing is done when that is what would be made again.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock

from docmill.resources.weights.docling_models.catalogue import Export, Served
from docmill.resources.weights.docling_models.checkpoint import sha256_of
from docmill.resources.weights.docling_models.errors import InstallError
from docmill.resources.weights.docling_models.export import Check
from docmill.resources.weights.served_code import put_shared_code
from docmill.resources.weights.served_config import put_config
from docmill.resources.weights.served_digest import CONFIG, drop_digest, write_digest

__all__ = ["Source", "install", "is_installed", "read_source", "shipped_config", "write_digests"]

_VERSION, _SOURCE = "1", "model.source"
_NEW, _OLD = ".1.new", ".1.old"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What an installed model is made of."""

    #: docling's repository and revision; the revision is empty for weights that are not the pinned ones.
    repository: str
    revision: str
    variant: str = ""
    #: SHA-256 of the checkpoint's files, and of the installed ones.
    checkpoint: dict[str, str]
    files: dict[str, str] = {}
    #: Digest of the exporter's scripts and locked packages.
    exporter: str
    versions: dict[str, str] = {}
    parity: list[Check] = []

    def like(self, other: Source) -> bool:
        """Whether both are made of the same, in the same way."""
        return (self.checkpoint, self.variant, self.exporter) == (
            other.checkpoint,
            other.variant,
            other.exporter,
        )


def read_source(repository: Path, model: str) -> Source | None:
    """What an installed model is made of; None when it is not there, or was not installed from docling's."""
    try:
        return msgspec.json.decode((repository / model / _VERSION / _SOURCE).read_bytes(), type=Source)
    except (OSError, msgspec.MsgspecError):
        return None


def is_installed(repository: Path, export: Export, source: Source) -> bool:
    """Whether all models of an export are there, whole, and made of the same as `source`."""
    for model in export.served:
        found = read_source(repository, model.folder)
        if found is None or not found.like(source):
            return False
        folder = repository / model.folder / _VERSION
        for name, digest in found.files.items():
            if not (folder / name).is_file() or sha256_of(folder / name) != digest:
                return False
    return True


def install(repository: Path, configs: Path, export: Export, out: Path, source: Source) -> list[Path]:
    """Install the models of an export from the exporter's folder `out`; their folders.

    `configs` is the repository that the project ships: configurations, and code beside the graphs, come from
    there where `repository` is another. Raises `InstallError`.
    """
    for model in export.served:
        missing = [name for name in model.files.values() if not (out / name).is_file()]
        if missing:
            raise InstallError(f"the exporter wrote no {', '.join(missing)}: nothing was installed")
    with _writing(repository):
        return [_install(repository, configs, model, out, source) for model in export.served]


def write_digests(repository: Path, export: Export) -> None:
    """Write the digests of an export's models that are installed, where they lack. Raises `InstallError`."""
    with _writing(repository):
        for model in export.served:
            write_digest(repository / model.folder)


@contextmanager
def _writing(repository: Path) -> Iterator[None]:
    try:
        repository.mkdir(parents=True, exist_ok=True)
        with FileLock(repository / ".docmill.lock"):
            yield
    except OSError as error:
        raise InstallError(
            f"{repository} cannot be written ({error.strerror or error}): name another folder with "
            "--repository; the models in it are as they were"
        ) from error


def shipped_config(configs: Path, model: str) -> Path:
    """The configuration of a model as the project ships it; raises `InstallError`."""
    path = configs / model / CONFIG
    if not path.is_file():
        raise InstallError(f"{configs} has no configuration of {model}")
    return path


def _install(repository: Path, configs: Path, model: Served, out: Path, source: Source) -> Path:
    folder = repository / model.folder
    config = shipped_config(configs, model.folder)
    put_config(config, folder)
    new, old, version = (folder / name for name in (_NEW, _OLD, _VERSION))
    _recover(old, version)
    shutil.rmtree(new, ignore_errors=True)
    try:
        _fill(new, configs, model, out)
        files = {name: sha256_of(new / name) for name in model.files}
        _write(new / _SOURCE, msgspec.json.format(msgspec.json.encode(_with_files(source, files))))
        drop_digest(folder)
        _swap(new, old, version)
        write_digest(folder)
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def _fill(new: Path, configs: Path, model: Served, out: Path) -> None:
    """A version's files: the project's own code, if any, and the exported graphs."""
    code = configs / model.folder / _VERSION
    if code.is_dir():
        shutil.copytree(code, new, ignore=shutil.ignore_patterns("*.onnx", "*.source", "__pycache__"))
        put_shared_code(configs, new)
    new.mkdir(exist_ok=True)
    for name, exported in model.files.items():
        _write(new / name, (out / exported).read_bytes())


def _swap(new: Path, old: Path, version: Path) -> None:
    """Let `new` take the place of `version`; running servers keep the files they have open."""
    if version.exists():
        version.rename(old)
    try:
        new.rename(version)
    except OSError:
        _recover(old, version)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _recover(old: Path, version: Path) -> None:
    """What a swap that was broken off has left."""
    if old.exists() and not version.exists():
        old.rename(version)
    shutil.rmtree(old, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _with_files(source: Source, files: dict[str, str]) -> Source:
    return msgspec.structs.replace(source, files=files)
