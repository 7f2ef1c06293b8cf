"""Imports all that a run needs. The warm parent imports this, and nothing else is to.

It has to have one thread: what another held when a run is forked would be held in it for ever. So libraries
that start threads when they are loaded are told not to, gRPC is left to those who use it, no model is loaded,
and nothing here opens a connection.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from docmill.pipeline.instance.warm.fork_server import name_process, threads
from docmill.pipeline.instance.warm.wanted_image import take
from docmill.pipeline.stages.running.loading import uncollected

__all__: list[str] = []

_SINGLE_THREADED = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
}
#: What conversions and Dagster import when they get there.
_LATE = (
    "docmill.pipeline.stages.running.preload",
    "docmill.pipeline.instance.warm.warm_runs",
    "docmill.resources.engines.embedded",
    "pyarrow.pandas_compat",
    "upath.implementations.local",
)

_log = logging.getLogger(__name__)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _load(module: str) -> None:
    """A run imports again what cannot be imported here, and says why."""
    try:
        import_module(module)
    except Exception:  # noqa: BLE001 - whatever a module does when it is imported
        _log.warning("runs start without %s in memory", module, exc_info=True)


name_process("docmill-warm")
_image = take()
sys.path[:] = _image.path
with _environment(_SINGLE_THREADED), uncollected():
    from docmill.pipeline.instance.dagster_internals import MODULES_OF_RUNS

    for _module in (*MODULES_OF_RUNS, *_image.modules, *_LATE):
        _load(_module)
if threads() > 1:
    _log.warning("the process that runs are forked from has %d threads; one of them may be missed", threads())
