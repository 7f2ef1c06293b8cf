"""Gates in a run: it tells where it has got to, and goes on when it is told so.

In the run a `GatedProgress` stands for the progress in the log; it connects to the Unix socket that
$DOCMILL_GATES names. On the other side `Gates` hands each message to a function and answers when that
returns. A run which is killed there is killed exactly there.
"""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import msgspec

from docmill.pipeline.instance.reporting.progress import LogProgress
from docmill.pipeline.stages.results.records import StageRecord

__all__ = ["GATES", "GatedProgress", "Gates", "Message", "gated_progress"]

#: Names the socket.
GATES = "DOCMILL_GATES"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Where a run is: at the `begin` or the `end` of a stage, or `document`: one has left it.

    `done` is false for a document that had been finished before.
    """

    moment: str
    batch: str
    run: str
    pid: int
    stage: str
    document: str = ""
    status: str = ""
    done: bool = False


class GatedProgress(LogProgress):
    """Progress in the log, and in messages."""

    def __init__(self, log: dg.DagsterLogManager, batch: str, run: str) -> None:
        super().__init__(log)
        self._batch, self._run = batch, run

    def begin(self, stage: str, documents: int) -> None:
        super().begin(stage, documents)
        self._tell("begin")

    def document(self, record: StageRecord) -> None:
        super().document(record)
        self._tell("document", record)

    def end(self) -> None:
        super().end()
        self._tell("end")

    def _tell(self, moment: str, record: StageRecord | None = None) -> None:
        message = Message(
            moment=moment,
            batch=self._batch,
            run=self._run,
            pid=os.getpid(),
            stage=self._stage,
            document=record.document if record else "",
            status=record.status if record else "",
            done=record is not None and not record.reused,
        )
        with suppress(OSError), socket.socket(socket.AF_UNIX) as gate:
            gate.connect(os.environ[GATES])
            gate.sendall(msgspec.json.encode(message) + b"\n")
            gate.recv(1)


@dg.resource
def gated_progress(context: dg.InitResourceContext) -> Callable[[dg.DagsterLogManager], GatedProgress]:
    """The resource `progress` of a run that is watched."""
    run = context.run
    assert run is not None
    batch, id_ = run.tags["dagster/partition"], run.run_id
    return lambda log: GatedProgress(log, batch, id_)


@dataclass
class Gates:
    """Listens at `path`; `passing` is called with each message, of several runs at once."""

    path: Path
    passing: Callable[[Message], None]
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Gates:
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(self.path))
        self._server.listen(64)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._accepting.join()
        self.path.unlink()

    def _accept(self) -> None:
        while True:
            try:
                gate, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(gate,), daemon=True).start()

    def _serve(self, gate: socket.socket) -> None:
        with gate, gate.makefile("rb") as lines:
            line = lines.readline()
            if not line.endswith(b"\n"):
                return  # killed while it spoke
            self.passing(msgspec.convert(json.loads(line), Message))
            with suppress(OSError):
                gate.sendall(b"\n")
