"""A corpus through a deployment whose parts are killed: set up, run, counted."""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.killing.corpus import small_pdfs
from tests.killing.gates import GATES, Gates
from tests.killing.matrix import Findings, Kill, Killer, spread
from tests.killing.settings import BATCH
from tests.support.deployment import Deployment

__all__ = ["Endured", "endure"]

#: What the instance is deployed with, but quicker to find that something is gone.
_SETTINGS = {"run_monitoring": {"poll_interval_seconds": 3, "start_timeout_seconds": 90}}
_QUICKER = {"DAGSTER_EVENT_LOG_CONSUMER_DAEMON_INTERVAL_SECONDS": "2"}
_MATERIALIZED = """{ assetNodes { assetKey { path } partitionStats { numMaterialized numFailed } } }"""


@dataclass(frozen=True)
class Endured:
    """What came of it; `unfinished` kills were never due."""

    seconds: float
    killer: Killer
    findings: Findings
    unfinished: list[Kill]
    #: Partitions that the web server shows as materialized, by asset.
    materialized: dict[str, int]


def endure(models: Path, documents: int, batch: int, kills: Sequence[Kill], limit_s: float) -> Endured:
    """Put so many documents into the inbox and kill by plan until all have come to an end.

    AssertionError when that takes longer than `limit_s`, or when something of the harness itself failed.
    """
    # the path of a socket may not be long
    folder = Path(tempfile.mkdtemp(prefix="docmill-kill-", dir="/tmp"))
    more = {**_QUICKER, BATCH: str(batch), GATES: str(folder / "gates")}
    try:
        with Deployment(folder, "tests.killing.definitions", models, _SETTINGS, more) as deployment:
            port = _free_port()
            deployment.start_webserver(port)
            killer = Killer(deployment, spread(kills, -(-documents // batch)))
            started = time.monotonic()
            with Gates(folder / "gates", killer.passing):
                expected = {}
                for name, data, reason in small_pdfs(documents):
                    deployment.inbox.write(name, data)
                    expected[name] = reason
                # a run that died when its documents were settled is still to be run again
                batches = -(-documents // batch)
                deployment.until(
                    lambda: deployment.settled(documents) and _exported(port) == batches, limit_s
                )
            seconds = time.monotonic() - started
            assert not killer.errors, killer.errors
            return Endured(seconds, killer, killer.findings(expected), killer.left, _materialized(port))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _materialized(port: int) -> dict[str, int]:
    """How many partitions of each asset the web server shows as materialized and as nothing else."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/graphql",
        json.dumps({"query": _MATERIALIZED}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        nodes: list[dict[str, Any]] = json.load(answer)["data"]["assetNodes"]
    return {
        node["assetKey"]["path"][0]: node["partitionStats"]["numMaterialized"]
        for node in nodes
        if node["partitionStats"]
    }


def _exported(port: int) -> int:
    """How many batches have been exported, as the web server shows it; 0 when it cannot."""
    try:
        return _materialized(port).get("exports", 0)
    except (OSError, TypeError):  # PostgreSQL is away
        return 0


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
