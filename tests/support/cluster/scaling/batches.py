"""Batches that wait in Dagster's own queue, and docmill's metrics of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
from dagster._core.remote_origin import RegisteredCodeLocationOrigin, RemoteJobOrigin, RemoteRepositoryOrigin

from docmill.pipeline.instance.dagster_internals import PARTITION_NAME_TAG

__all__ = ["Queue", "exporter", "make_home"]

ROOT = Path(__file__).parents[4]


def make_home(home: Path) -> Path:
    """docmill's home with the instance as deployed; that instance's folder."""
    folder = home / "dagster"
    folder.mkdir(parents=True)
    (folder / "dagster.yaml").write_bytes((ROOT / "deploy" / "dagster.yaml").read_bytes())
    return folder


@dataclass
class Queue:
    """Batches in Dagster's own queue, which nobody works off."""

    instance: dg.DagsterInstance
    waiting: list[str] = field(default_factory=list)

    def fill(self, batches: int) -> None:
        """So many wait from now on: others are added, or taken away."""
        repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin("here"), "__repository__")
        origin = RemoteJobOrigin(repository, "convert_documents")
        while len(self.waiting) < batches:
            tags = {PARTITION_NAME_TAG: f"b{len(self.waiting)}", "lane": "inbox"}
            run = dg.DagsterRun(
                "convert_documents", status=dg.DagsterRunStatus.QUEUED, tags=tags, remote_job_origin=origin
            )
            self.waiting.append(self.instance.add_run(run).run_id)
        for run_id in self.waiting[batches:]:
            self.instance.delete_run(run_id)
        del self.waiting[batches:]


@contextmanager
def exporter(home: Path, port: int) -> Iterator[None]:
    """docmill's own metrics of the instance in a home."""
    own = {key: value for key, value in os.environ.items() if not key.startswith(("DOCMILL", "DAGSTER"))}
    command = [sys.executable, "-m", "docmill.pipeline.cli", "metrics", "--port", str(port), "--every", "1"]
    process = subprocess.Popen(command, cwd=ROOT, env=own | {"DOCMILL_HOME": str(home)})
    try:
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)
