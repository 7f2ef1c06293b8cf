"""What runs are forked from: all that they need, one thread, and nothing that a fork would break."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from docmill.pipeline.instance.warm.wanted_image import IMAGE, WarmImage
from docmill.pipeline.instance.warm.warm_runs import WARM

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is none")

ROOT = Path(__file__).parents[2]
DEFINITIONS = "docmill.pipeline.defs.definitions"
ASK = f"""
import json, os, sys, {WARM}
from docmill.pipeline.instance.warm.fork_server import threads
json.dump([threads(), sorted(sys.modules), dict(os.environ)], sys.stdout)
"""


def image(
    *modules: str, path: Sequence[str] = (), **variables: str
) -> tuple[int, set[str], dict[str, str], str]:
    """Threads, modules and environment of a warm parent, and what it complains about."""
    asked = msgspec.json.encode(WarmImage(list(modules), [*path, str(ROOT), *sys.path])).decode()
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, **variables, IMAGE: asked},
        capture_output=True,
        text=True,
        check=True,
        cwd="/",
    )
    threads, loaded, environment = json.loads(done.stdout)
    return threads, set(loaded), environment, done.stderr


def test_it_has_everything_and_one_thread() -> None:
    threads, modules, environment, said = image(DEFINITIONS, OMP_NUM_THREADS="3")
    assert (threads, said) == (1, "")
    assert {
        DEFINITIONS,
        "dagster._grpc.impl",
        "dagster_postgres.run_storage",
        "docling_core",
        "docmill.pipeline.stages.running.preload",
        "onnxruntime",
        "sqlalchemy",
    } <= modules
    # these start threads, or must not be forked when they have been used
    assert modules.isdisjoint({"grpc", "openvino", "s3fs", "aiohttp", "psycopg2"})
    # runs have the environment of their code server
    assert environment["OMP_NUM_THREADS"] == "3"
    assert {"OPENBLAS_NUM_THREADS", "JE_ARROW_MALLOC_CONF", IMAGE}.isdisjoint(
        environment.keys() - os.environ.keys()
    )


def test_what_a_format_needs_makes_no_thread_either() -> None:
    threads, modules, _, _ = image(DEFINITIONS, "docmill.pipeline.convert.document.chunks")
    assert "transformers" in modules
    assert threads == 1


def test_what_cannot_be_imported_is_left_to_the_runs(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('of its own')")
    _, modules, _, said = image("broken", "nothing", DEFINITIONS, path=[str(tmp_path)])
    assert DEFINITIONS in modules
    assert "runs start without broken in memory" in said
    assert "RuntimeError: of its own" in said
    assert "No module named 'nothing'" in said
