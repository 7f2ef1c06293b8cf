"""What operators do, on real servers: lanes and pools of the queue, a backfill with its estimate, garbage."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from docmill.pipeline.corpus.garbage import find_garbage
from docmill.pipeline.corpus.ledger.ledger import open_ledger
from docmill.pipeline.intake.requests import read_requests
from tests.acceptance.serving import make_repository, server
from tests.killing.corpus import small_pdfs
from tests.killing.gates import GATES, Gates, Message
from tests.killing.settings import BATCH, OCR
from tests.support.deployment import Deployment
from tests.support.model_cache import weights

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(900)]

COUNT = 4
INBOX = "s3://bucket/in/"


class Holding:
    """Holds runs back where a test says, until it lets them go."""

    def __init__(self) -> None:
        self._place, self._runs = ("", ""), 0
        self._held: set[str] = set()
        self._go = threading.Event()
        self._lock = threading.Lock()

    def hold(self, stage: str, moment: str, runs: int) -> None:
        """The first so many runs that get there; others pass."""
        self._place, self._runs, self._held, self._go = (stage, moment), runs, set(), threading.Event()

    @property
    def full(self) -> bool:
        """Whether so many are held."""
        return len(self._held) == self._runs

    def release(self) -> None:
        self._place = ("", "")
        self._go.set()

    def passing(self, message: Message) -> None:
        with self._lock:
            if (message.stage, message.moment) != self._place or self.full:
                return
            self._held.add(message.run)
            go = self._go
        go.wait(300)


@pytest.fixture
def holding() -> Holding:
    return Holding()


@pytest.fixture
def deployment(tmp_path: Path, holding: Holding) -> Iterator[Deployment]:
    """Batches of one document, with layout from Triton; two runs at once, of backfills one at most."""
    models = weights("layout").parent
    with (
        server(make_repository(tmp_path / "repository"), "layout_cdla") as triton,
        Gates(tmp_path / "gates", holding.passing),
    ):
        more = {
            BATCH: "1",
            OCR: "off",
            GATES: str(tmp_path / "gates"),
            "DOCMILL_LAYOUT_BACKEND": '{ triton = { contract = "cdla" } }',
            "DOCMILL_TRITON_URL": triton.url,
        }
        with Deployment(tmp_path, "tests.killing.definitions", models, more=more) as made:
            yield made


def run_time(instance: dg.DagsterInstance, run: dg.DagsterRun) -> tuple[float, float]:
    """When a run started and ended."""
    [record] = instance.get_run_records(dg.RunsFilter(run_ids=[run.run_id]))
    assert record.start_time and record.end_time
    return record.start_time, record.end_time


def step_time(instance: dg.DagsterInstance, run: dg.DagsterRun, step: str) -> tuple[float, float]:
    """When a step of it did."""
    [found] = instance.get_run_step_stats(run.run_id, [step])
    assert found.start_time and found.end_time
    return found.start_time, found.end_time


def apart(times: Sequence[tuple[float, float]]) -> bool:
    """Whether no two of them overlap."""
    return all(one[1] <= other[0] for one, other in pairwise(sorted(times)))


def of_lane(instance: dg.DagsterInstance, lane: str, *statuses: dg.DagsterRunStatus) -> list[dg.DagsterRun]:
    """The runs of a lane, the earliest first."""
    return list(instance.get_runs(dg.RunsFilter(tags={"lane": lane}, statuses=statuses), ascending=True))


def queued(deployment: Deployment, lane: str) -> bool:
    with deployment.instance() as instance:
        return bool(of_lane(instance, lane, dg.DagsterRunStatus.QUEUED))


def put(deployment: Deployment, numbers: range) -> list[str]:
    chosen = list(small_pdfs(numbers.stop))[numbers.start :]
    for name, data, _ in chosen:
        deployment.inbox.write(name, data)
    return [name for name, _, _ in chosen]


def test_lanes_pools_backfills_and_garbage(deployment: Deployment, holding: Holding) -> None:
    # the pool `triton` has one place: of two runs one is in a step that uses it, the other waits
    with deployment.instance() as instance:
        instance.event_log_storage.set_concurrency_slots("triton", 1)
    holding.hold("layout", "end", 1)
    names = put(deployment, range(COUNT))

    def one_waits() -> bool:
        with deployment.instance() as instance:
            pool = instance.event_log_storage.get_concurrency_info("triton")
        return holding.full and pool.active_slot_count == 1 and pool.pending_step_count >= 1

    deployment.until(one_waits, 300)
    holding.release()
    rows = deployment.wait(COUNT, 400)
    assert {row.state for row in rows.values()} == {"converted"}
    with deployment.instance() as instance:
        brought = of_lane(instance, "inbox")
        assert len(brought) == len(instance.get_runs()) == COUNT
        assert apart([step_time(instance, run, "layout") for run in brought])

    # a backfill says first what it will take, and asks; the command line has OCR, so that all are stale
    backfill = ("backfill", "--stale", "--prefix", INBOX, "--gpu-price", "2.5")
    asked = deployment.docmill(*backfill, said="n")
    assert asked.returncode == 1, asked.stderr
    assert f"{COUNT} batches stale" in asked.stderr
    assert f"{COUNT} documents in {COUNT} batches, {COUNT} pages" in asked.stderr
    assert "worker hours and 0.000 GPU hours" in asked.stderr
    assert "0.00 USD" in asked.stderr
    assert read_requests(deployment.store) == []

    # one backfill runs at a time, whatever place there is; of what waits, the interactive goes first
    holding.hold("pages", "begin", 2)
    for arguments in ((*backfill, "--yes"), ("retry", f"{INBOX}{names[0]}")):
        done = deployment.docmill(*arguments)
        assert done.returncode == 0, done.stderr
    deployment.until(lambda: holding.full, 200)
    put(deployment, range(COUNT, COUNT + 1))
    deployment.until(lambda: queued(deployment, "inbox"), 200)
    assert deployment.docmill("retry", f"{INBOX}{names[1]}").returncode == 0
    deployment.until(lambda: queued(deployment, "interactive"), 200)
    holding.release()
    deployment.wait(COUNT + 1, 400)
    with deployment.instance() as instance:
        backfills = [run_time(instance, run) for run in of_lane(instance, "backfill")]
        first, second = (run_time(instance, run) for run in of_lane(instance, "interactive"))
        late = run_time(instance, of_lane(instance, "inbox")[-1])
    assert len(backfills) == COUNT
    assert apart(backfills)
    assert not apart([first, min(backfills)])
    assert second[0] < late[0] < sorted(backfills)[1][0]

    # one may wait for what one asked for
    followed = deployment.docmill("retry", f"{INBOX}{names[0]}", "--format", "md", "--follow")
    assert followed.returncode == 0, followed.stderr
    assert deployment.rows()[names[0]].files.keys() == {"md"}

    # artifacts of other settings are garbage once there are newer ones
    again = deployment.docmill("retry", f"{INBOX}{names[2]}", "--here")
    assert again.returncode == 0, again.stderr
    row = deployment.rows()[names[2]]
    deployment.until(lambda: not read_requests(deployment.store), 60)  # what was followed is taken away
    there = deployment.store.list("")
    garbage = {
        each.object.path for each in find_garbage(deployment.store, open_ledger(deployment.store), now())
    }
    stages = {path.split("/")[3] for path in garbage}
    assert stages == {"ocr", "layout", "tables", "documents", "exports"}
    told = deployment.docmill("gc", "--older-than", "0m")
    assert told.returncode == 0, told.stderr
    assert f"superseded {len(garbage):>14,}" in told.stderr
    assert "Nothing was removed" in told.stderr
    assert deployment.store.list("") == there
    removed = deployment.docmill("gc", "--older-than", "0m", "--remove")
    assert removed.returncode == 0, removed.stderr
    assert set(there) - set(deployment.store.list("")) == garbage
    assert all(deployment.store.exists(path) for path in row.files.values())
    assert deployment.out.exists(f"{row.ref.stem}.md")


def now() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=1)
