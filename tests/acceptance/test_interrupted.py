"""Runs that are killed or cancelled under Dagster's daemon: what is said of documents, and what follows."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
import yaml

from docmill.pipeline.corpus.ledger.entries import DocumentRow
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.resources.clients.files.document_store import DocumentStore
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "tests" / "samples" / "many_pages.pdf"
DEFINITIONS = "tests.acceptance.interrupted_definitions"


@dataclass
class Machine:
    """docmill's home on a machine, whose daemon looks often whether runs are still there."""

    folder: Path

    def __post_init__(self) -> None:
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}
        self.environment = {
            **inherited,
            "DAGSTER_HOME": str(self.folder / "dagster"),
            "DOCMILL_HOME": str(self.folder / "home"),
            "DOCMILL_MODELS": str(weights("layout").parent),
            "COLUMNS": "200",
        }
        settings = yaml.safe_load((ROOT / "deploy" / "dagster.yaml").read_text())
        settings["run_monitoring"] |= {"poll_interval_seconds": 3}
        (self.folder / "dagster").mkdir()
        (self.folder / "dagster" / "dagster.yaml").write_text(yaml.safe_dump(settings))
        self.store = DocumentStore(str(self.folder / "home" / "store"))

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def docmill(self, *arguments: str) -> str:
        command = [sys.executable, "-m", "docmill.pipeline.cli", *arguments]
        run = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False
        )
        assert run.returncode == 0, run.stderr
        return run.stdout

    def row(self) -> DocumentRow | None:
        return next(iter(open_ledger(self.store).all()), None)

    def instance(self) -> dg.DagsterInstance:
        return dg.DagsterInstance.from_config(str(self.folder / "dagster"))

    def until(self, condition: Callable[[], bool], seconds: float = 400) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            said = (self.folder / "log").read_text()[-4000:]
            assert time.monotonic() < deadline, f"{self.row()}\n{said}"
            time.sleep(0.1)

    def layout_has_begun(self) -> bool:
        return any("/layout/" in path and ".parts/" in path for path in self.store.list("documents"))


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    with made.instance():  # two processes at once cannot make its databases
        pass
    daemon = made.start("dagster._daemon", "run", "-m", DEFINITIONS)
    try:
        yield made
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        try:
            daemon.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(daemon.pid, signal.SIGKILL)
            daemon.wait()


def test_a_command_that_was_killed_is_gone_on_with_as_it_was_asked(machine: Machine) -> None:
    out = machine.folder / "out"
    # the detector takes a while about each page
    slowly = ("--pages", "1-40", "--detector", "always", "-j", "1")
    asked = ("convert", str(SAMPLE), *slowly, "-f", "md", "--out", str(out))
    process = machine.start("docmill.pipeline.cli", *asked)
    machine.until(machine.layout_has_begun)
    first = machine.row()
    assert first is not None
    assert first.state == "queued"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    def converted() -> bool:
        row = machine.row()
        return row is not None and row.state == "converted"

    machine.until(converted)
    row = machine.row()
    assert row is not None
    ended = open_ledger(machine.store).history(row.entry)
    assert [(each.state, each.reason) for each in ended] == [("interrupted", "run_died"), ("converted", "")]
    assert (row.pages, row.out) == (40, str(out))
    assert (out / "many_pages.md").read_text().count("At dawn the sea was") == 40
    with machine.instance() as instance:
        last, killed = instance.get_runs()
    assert killed.status is dg.DagsterRunStatus.FAILURE
    assert killed.run_id == ended[0].run
    assert last.run_config == killed.run_config
    assert (last.tags["docmill/taken_up"], last.tags["docmill/command"]) == ("1", "convert")


def test_a_run_that_is_cancelled_waits_for_somebody(machine: Machine, tmp_path: Path) -> None:
    machine.docmill("convert", str(SAMPLE), "--pages", "1", "-f", "md", "--out", str(tmp_path / "out"))
    machine.docmill("retry", str(SAMPLE))

    def under_way() -> bool:
        return machine.layout_has_begun()

    machine.until(under_way)
    with machine.instance() as instance:
        [run] = instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED]))
        assert instance.run_launcher.terminate(run.run_id) or instance.run_coordinator.cancel_run(run.run_id)

    def interrupted() -> bool:
        row = machine.row()
        return row is not None and row.state == "interrupted"

    machine.until(interrupted)
    row = machine.row()
    assert row is not None
    assert (row.reason, row.run, row.result) == ("cancelled", run.run_id, "converted")
    assert "cancelled" in machine.docmill("documents", "--failed")
