"""docmill as it is deployed: Dagster's daemon on PostgreSQL; the inbox, the store and the outputs on S3.

Each of them is a process that can be killed, and started again as a supervisor would.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import dagster as dg
import psutil
import yaml

from docmill.pipeline.convert.errors import BackendError
from docmill.pipeline.corpus.ledger.entries import OPEN, DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from tests.support.postgres import PostgresServer
from tests.support.s3 import WeedServer

__all__ = ["Deployment"]

ROOT = Path(__file__).parents[2]
_UNFINISHED = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


@dataclass
class Deployment:
    """Use as a context manager; `definitions` names the module of the code location.

    `settings` change the instance's configuration as deployed, section by section.
    """

    folder: Path
    definitions: str
    models: Path
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    more: Mapping[str, str] = field(default_factory=dict)
    _open: ExitStack = field(default_factory=ExitStack)
    _started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    _daemons: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self.s3 = opening.enter_context(WeedServer(self.folder / "weed"))
            self.postgres = opening.enter_context(self._server())
            opening.callback(self._end_processes)
            self.environment = self._environment()
            self.home.mkdir()
            (self.home / "dagster.yaml").write_text(self._configuration())
            self.inbox, self.store, self.out = (self.s3.store(name) for name in ("in", "store", "out"))
            self.start_daemon()
            self._open = opening.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    @property
    def home(self) -> Path:
        """Dagster's."""
        return self.folder / "dagster"

    @property
    def log(self) -> Path:
        """What the daemons said, one after the other."""
        return self.folder / "daemon.log"

    def start_daemon(self) -> None:
        """The daemon, and the code server that it starts."""
        self.daemon = self._start("dagster._daemon", "run", "-m", self.definitions)
        self._daemons.append(self.daemon)

    def kill_daemon(self) -> None:
        """Only itself: its code server and the runs that this has started live on."""
        self.daemon.kill()
        self.daemon.wait()

    def kill_warm_parents(self) -> int:
        """Only themselves: the runs that they have started live on. How many there were."""
        return self._kill_groups({process.pid for process in self._daemons}, "docmill-warm")

    def kill_everything(self) -> None:
        """Daemons, code servers and runs, as when their machine loses power."""
        self._kill_groups({process.pid for process in self._daemons})
        self.daemon.wait()

    def start_webserver(self, port: int) -> subprocess.Popen[bytes]:
        """Dagster's web server, at the port given."""
        return self._start("dagster_webserver", "-h", "127.0.0.1", "-p", str(port), "-m", self.definitions)

    def docmill(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """The command line, as an operator has it, and what he answers."""
        return subprocess.run(
            [sys.executable, "-m", "docmill.pipeline.cli", *arguments],
            env=self.environment,
            cwd=ROOT,
            input=said,
            capture_output=True,
            text=True,
            check=False,
        )

    def rows(self) -> dict[str, DocumentRow]:
        """Every document of the ledger by its name."""
        return {row.name: row for row in open_ledger(self.store).all()}

    def instance(self) -> dg.DagsterInstance:
        """Dagster's instance, as this process sees it."""
        os.environ["DOCMILL_POSTGRES_URL"] = self.environment["DOCMILL_POSTGRES_URL"]
        return dg.DagsterInstance.from_config(str(self.home))

    def settled(self, documents: int) -> bool:
        """Whether so many documents have come to an end, and every run too."""
        try:
            if sum(row.state not in OPEN for row in self.rows().values()) < documents:
                return False
            with self.instance() as instance:
                return not instance.get_runs(dg.RunsFilter(statuses=_UNFINISHED), limit=1)
        except Exception as error:
            if isinstance(error, BackendError) or "DatabaseError" in str(error) or "connection" in str(error):
                return False
            raise

    def wait(self, documents: int, seconds: float) -> dict[str, DocumentRow]:
        """Until so many documents are settled; the rows of all. AssertionError when it takes longer."""
        self.until(lambda: self.settled(documents), seconds)
        return self.rows()

    def until(self, condition: Callable[[], bool], seconds: float) -> None:
        """Wait for something. AssertionError, with what the daemon said last, when it takes longer."""
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                states = {name: (row.state, row.batch) for name, row in self.rows().items()}
                raise AssertionError(f"{states}\n{self.log.read_text()[-6000:]}")
            time.sleep(1.0)

    def _server(self) -> PostgresServer:
        return PostgresServer()

    def _start(self, module: str, *arguments: str) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                env=self.environment,
                cwd=ROOT,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._started.append(process)
        return process

    def _end_processes(self) -> None:
        """All of them, and what they started: code servers and runs are in the group of their daemon."""
        for process in self._started:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._kill_groups({process.pid for process in self._started})

    def _kill_groups(self, groups: set[int], name: str = "") -> int:
        """All processes in the groups, or those of a name; how many."""
        killed = 0
        for each in psutil.process_iter():
            try:
                if os.getpgid(each.pid) in groups and name in ("", each.name()):
                    each.kill()
                    killed += 1
            except (ProcessLookupError, psutil.NoSuchProcess):
                continue
        return killed

    def _environment(self) -> dict[str, str]:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER", "AWS"))}
        return {
            **inherited,
            **self.s3.environment,
            "DAGSTER_HOME": str(self.home),
            "DOCMILL_HOME": str(self.folder / "home"),
            "DOCMILL_MODELS": str(self.models),
            "DOCMILL_POSTGRES_URL": self.postgres.database("dagster"),
            "DOCMILL_INBOX": "s3://bucket/in",
            "DOCMILL_STORE": "s3://bucket/store",
            "DOCMILL_OUT": "s3://bucket/out",
            "COLUMNS": "200",
            **self.more,
        }

    def _configuration(self) -> str:
        parts = [(ROOT / "deploy" / name).read_text() for name in ("dagster.yaml", "dagster.postgres.yaml")]
        configuration = yaml.safe_load("".join(parts))
        for section, values in self.settings.items():
            configuration.setdefault(section, {}).update(values)
        written: str = yaml.safe_dump(configuration)
        return written
