"""The fork server of the workers: what it imports, and how it is started before there is work."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterable
from multiprocessing import forkserver

from docmill.pipeline.stages.running.workers.signals import uninterrupted
from docmill.pipeline.stages.spec import Stage

__all__ = ["preloaded", "start_fork_server"]

#: All that the workers of docmill's own stages need, docling included: seconds to import.
_PRELOAD = ("docmill.pipeline.stages.running.preload", "docmill.resources.engines.embedded")


def preloaded(stages: Iterable[Stage | type[Stage]], others: Iterable[str] = ()) -> tuple[str, ...]:
    """The modules that the workers of these stages need, and the others named, each once."""
    work = (stage.work.partition(":")[0] for stage in stages)
    return tuple(dict.fromkeys([*_PRELOAD, *work, *others]))


def start_fork_server(preload: Iterable[str]) -> None:
    """Start it now, so that it imports while this process does something else; returns at once.

    The pools of this process take their workers from it, whatever they would have it import.
    """
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(preload))
    with uninterrupted():
        forkserver.ensure_running()
