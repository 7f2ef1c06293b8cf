"""Code that served models in Python have in common: docmill ships it once, and each has a copy beside it."""

from __future__ import annotations

from pathlib import Path

from docmill.resources.weights.copies import copy_changed

__all__ = ["ACCOUNT_CODE", "put_shared_code", "shared_code"]

#: Tells what the model has done, and decides nothing of what it answers.
ACCOUNT_CODE = "docmill_account.py"


def shared_code(configs: Path) -> Path:
    """The file, in the model repository that the project ships."""
    return configs / "shared" / ACCOUNT_CODE


def put_shared_code(configs: Path, version: Path) -> None:
    """Put it beside the code of a model's version."""
    copy_changed(shared_code(configs), version / ACCOUNT_CODE)
