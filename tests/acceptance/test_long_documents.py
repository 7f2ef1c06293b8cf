"""A long document whose stages are divided among processes, some of which are killed."""

from __future__ import annotations

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import psutil
import pytest

from docmill.pipeline.instance.reporting.spending import numbers_of
from docmill.pipeline.stages.mapped.ranges import PageRange
from docmill.pipeline.stages.selection import CHUNK_PAGES
from tests.killing.gates import GATES, Gates, Message, gated_progress
from tests.support.long_batches import artifacts_of, definitions, long_pdf, made_batch, run_batch, stored

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(1800)]

PAGES, MOST = 40, 24
_STARTS = {dg.DagsterEventType.STEP_START, dg.DagsterEventType.STEP_RESTARTED}
#: Where the job below finds its store.
STORE = "DOCMILL_TEST_STORE"
#: What is killed: a step, and how many page chunks of it are kept before.
KILLS = {"pages.cut": 0, "pages.range": 0, "layout.range": 1, "layout.join": 0}
DIVIDED = ("pages", "ocr", "layout")


def by_processes() -> dg.JobDefinition:
    """The divided stages of the conversion, a process a step, two at once."""
    executor = dg.multiprocess_executor.configured({"max_concurrent": 2})
    made = definitions(os.environ[STORE], MOST, progress=gated_progress)
    job = dg.define_asset_job("divided", dg.AssetSelection.assets(*DIVIDED), executor_def=executor)
    return dg.Definitions.merge(made, dg.Definitions(jobs=[job])).resolve_job_def("divided")


@dataclass
class Killer:
    """Kills the first step of each name, once."""

    instance: dg.DagsterInstance
    store: Path
    kills: dict[str, int]
    killed: list[str] = field(default_factory=list)
    #: Page chunks that the step had kept.
    kept: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def passing(self, message: Message) -> None:
        """A step has got somewhere."""
        key = self._step(message)
        with self._lock:
            name = next((each for each in self.kills if key.startswith(each)), None)
            if message.moment != "begin" or name is None:
                return
            chunks = self.kills.pop(name)
            self.killed.append(key)
        if chunks:
            threading.Thread(target=self._kill, args=(message, key, chunks)).start()
        else:
            os.kill(message.pid, signal.SIGKILL)

    def _step(self, message: Message) -> str:
        """The step that a process does."""
        started = self.instance.all_logs(message.run, of_type=_STARTS)
        [key] = [
            entry.step_key or ""
            for entry in started
            if entry.dagster_event and entry.dagster_event.pid == message.pid
        ]
        return key

    def _kill(self, message: Message, key: str, chunks: int) -> None:
        """As soon as so many are kept."""
        process = psutil.Process(message.pid)
        pages = PageRange.of_key(key.partition("[")[2].rstrip("]"))
        while len(self._parts(message.stage, pages)) < chunks:
            time.sleep(0.01)
        process.kill()
        with suppress(psutil.NoSuchProcess):  # its parent may be quicker
            while process.status() != psutil.STATUS_ZOMBIE:
                time.sleep(0.01)
        self.kept[key] = len(self._parts(message.stage, pages))

    def _parts(self, stage: str, pages: PageRange) -> list[Path]:
        (_, first), (_, last) = pages.first, pages.last
        found = (self.store / "documents").glob(f"*/*/{stage}/*.parts/*")
        return [path for path in found if first <= int(path.name[:6]) <= last]


def pages_done(instance: dg.DagsterInstance, run: str, stage: str) -> float:
    """The pages that the steps of a run say they did, those of the stage that ended well."""
    entries = instance.all_logs(run, of_type=dg.DagsterEventType.STEP_OUTPUT)
    events = [entry.dagster_event for entry in entries if entry.dagster_event]
    return sum(
        numbers_of(event.step_output_data.metadata)["pages"]
        for event in events
        if (event.step_key or "").startswith(f"{stage}.") and event.step_output_data.output_name == "spent"
    )


def test_steps_that_are_killed_lose_nothing_and_nothing_is_done_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"long.pdf": long_pdf(PAGES)}
    one, many = tmp_path / "one", tmp_path / "many"
    assert run_batch(one, made_batch(one, files), 0)[0]
    manifest = made_batch(many, files)
    monkeypatch.setenv(STORE, str(many / "store"))
    monkeypatch.setenv(GATES, str(tmp_path / "gates"))
    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster")) as instance:
        instance.add_dynamic_partitions("batches", [manifest.key])
        killer = Killer(instance, many / "store", dict(KILLS))
        tags = {"dagster/partition": manifest.key}
        job = dg.reconstructable(by_processes)
        with Gates(tmp_path / "gates", killer.passing), dg.execute_job(job, instance, tags=tags) as result:
            assert result.success
            events = result.all_node_events
        done = {stage: pages_done(instance, result.run_id, stage) for stage in DIVIDED}
    assert killer.kills == {}
    assert {event.step_key for event in events if event.is_step_up_for_retry} >= set(killer.killed)
    made = [event.step_key for event in events if event.is_step_materialization]
    assert sorted(each or "" for each in made) == sorted(f"{stage}.join" for stage in DIVIDED)
    # those that were killed as they began had done nothing
    assert done["pages"] == PAGES
    # what the one in the middle had kept was found again: no other step did it
    [kept] = killer.kept.values()
    assert KILLS["layout.range"] <= kept < MOST // CHUNK_PAGES
    assert done["layout"] == PAGES - kept * CHUNK_PAGES
    expected = artifacts_of(stored(one))
    assert artifacts_of(stored(many)) == {
        name: each for name, each in expected.items() if name.split("/")[2].split(".")[0] in DIVIDED
    }
