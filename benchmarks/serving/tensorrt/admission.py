"""Serves a candidate beside the model that it is of, holds it to the gate, and lets it in or not."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from benchmarks.serving import detection_parity
from docmill.resources.local.triton.environment import Environment
from docmill.resources.local.triton.places import TritonHome
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.weights.copies import write_changed
from docmill.resources.weights.served_digest import CONFIG, drop_digest, write_digest

__all__ = ["add_reference", "gate", "let_in", "linked"]

_START_S = 900.0
_VERSION, _NEW, _OLD = "1", ".1.new", ".1.old"


def gate(
    scratch: Path,
    of: str,
    name: str,
    environment: Environment,
    home: TritonHome,
    arguments: Sequence[str],
) -> int:
    """What `benchmarks.serving.detection_parity` ends with for the two models of a scratch repository."""
    settings = ServerSettings(scratch, (of, name), Ports(0, 0, 0), start_limit_s=_START_S)
    with LocalServer(settings, environment, home) as server:
        both = ["--reference", f"{of}@{server.url}", "--against", f"{name}@{server.url}"]
        return detection_parity.main([*arguments, *both])


def let_in(candidate: Path, repository: Path) -> Path:
    """Put a model's folder into a repository, in place of one of its name, and write its digest.

    A server that reads the repository meanwhile finds the old version, none, or the new one.
    """
    folder = repository / candidate.name
    folder.mkdir(exist_ok=True)
    new, old, version = (folder / name for name in (_NEW, _OLD, _VERSION))
    shutil.rmtree(new, ignore_errors=True)
    shutil.copytree(candidate / _VERSION, new)
    drop_digest(folder)
    if version.exists():
        shutil.rmtree(old, ignore_errors=True)
        version.rename(old)
    write_changed((candidate / CONFIG).read_bytes(), folder / CONFIG)
    new.rename(version)
    shutil.rmtree(old, ignore_errors=True)
    write_digest(folder)
    return folder


def add_reference(source: Path, target: Path) -> None:
    """Put a model into a scratch repository, to be run on the CPU: on a GPU it may be in TF32."""
    linked(source, target)
    config = target / CONFIG
    text = config.read_text("utf-8").replace("kind: KIND_AUTO", "kind: KIND_CPU")
    config.unlink()  # it may be the original's own file
    config.write_text(text, "utf-8")


def linked(source: Path, target: Path) -> None:
    """A copy of a folder, by links to its files where the disk is the same."""

    def link(one: str, other: str) -> None:
        with contextlib.suppress(OSError):
            os.link(one, other)
            return
        shutil.copy(one, other)

    shutil.copytree(source, target, copy_function=link)
