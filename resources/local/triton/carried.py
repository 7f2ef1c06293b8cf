"""Weights that docmill up to 0.2 put into the folder of what it ships: exports of them took hours."""

from __future__ import annotations

import shutil
from pathlib import Path

from filelock import FileLock

from docmill.resources.local.triton.errors import NoServableModelError
from docmill.resources.local.triton.repository import EMBEDDED_SERVED, is_complete, model_names, versions_of
from docmill.resources.local.triton.served_ocr import OCR

__all__ = ["carry_over"]

#: Made anew from the cache of the embedded models.
_MADE_ANEW = {OCR, *(model.folder for model in EMBEDDED_SERVED)}
_LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__")


def carry_over(former: Path, repository: Path) -> list[str]:
    """Copy models that are complete in `former` and have no version in `repository`; their names.

    Configurations come along unless `repository` has its own. Models that setup makes are left out, and
    `former` stays as it is. Raises `NoServableModelError` when `repository` cannot be written.
    """
    try:
        if not (names := _wanted(former, repository)):
            return []
        repository.mkdir(parents=True, exist_ok=True)
        with FileLock(repository / ".docmill.lock"):
            names = _wanted(former, repository)
            for name in names:
                _copy(former / name, repository / name)
    except OSError as error:
        raise NoServableModelError(
            f"the models {', '.join(names)} of {former} cannot be copied to {repository} "
            f"({error.strerror or error}): make room, set DOCMILL_HOME, or name a folder with --repository"
        ) from error
    return names


def _wanted(former: Path, repository: Path) -> list[str]:
    return [
        name
        for name in model_names(former)
        if name not in _MADE_ANEW
        and versions_of(former / name)
        and is_complete(former / name)
        and not versions_of(repository / name)
    ]


def _copy(model: Path, target: Path) -> None:
    """The files of a model, then its versions, each whole or not at all."""
    target.mkdir(exist_ok=True)
    for path in sorted(model.iterdir(), key=lambda path: (path.is_dir(), path.name)):
        if path.name in _LEFT_OUT(str(model), [path.name]) or (target / path.name).exists():
            continue
        scratch = target / f".{path.name}.new"
        shutil.rmtree(scratch, ignore_errors=True)
        try:
            if path.is_dir():
                shutil.copytree(path, scratch, ignore=_LEFT_OUT)
            else:
                shutil.copy(path, scratch)
            scratch.rename(target / path.name)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
