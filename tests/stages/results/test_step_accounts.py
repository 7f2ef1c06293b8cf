"""What a step spent beyond what its documents' records hold."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import BackendUnavailableError
from docmill.pipeline.stages.results.records import StageRecord
from docmill.pipeline.stages.results.step_accounts import Overhead, step_accounts


class Meter:
    rejections = 2
    stopped = False
    given_up: dict[str, int] = {}  # noqa: RUF012

    def stop(self) -> None:
        self.stopped = True

    def took(self, worker: int) -> dict[str, float]:
        return {"layout": float(worker)}

    def lost(self, worker: int) -> None:
        pass

    def close(self) -> dict[str, float]:
        return {"layout": 10.0, "other": 1.0}


class OnAServer:
    def count_in(self, folder: Path) -> None:
        assert folder.is_dir()

    def __init__(self) -> None:
        self.meter = Meter()

    def open_meter(self, folder: Path) -> Meter:
        assert folder.is_dir()
        return self.meter


def record(device: float, cpu: float, document: str = "a", *, reused: bool = False) -> StageRecord:
    return StageRecord(
        stage="layout",
        document=document,
        name=f"{document}.pdf",
        device_seconds={"layout": device},
        cpu_seconds=cpu,
        reused=reused,
    )


def test_what_no_record_holds_is_overhead() -> None:
    with step_accounts(OnAServer()) as accounts:
        accounts.begin()
        assert accounts.took(3) == {"layout": 3.0}
        accounts.found([record(4.0, 2.0)])  # an earlier run has made this part of a
        accounts.ended(record(4.0 + 3.0, 2.0 + 1.5))
        accounts.ended(record(50.0, 50.0, reused=True))
        accounts.lost_workers, accounts.retries = 1, 2
        folder = accounts.folder
        found = accounts.overhead(4.0)
    assert found.device_seconds == {"layout": pytest.approx(7.0), "other": 1.0}
    assert found.cpu_seconds == pytest.approx(2.5)
    assert (found.lost_workers, found.retries, found.rejections) == (1, 2, 2)
    assert folder is not None
    assert not folder.exists()


def test_of_a_step_that_fails_others_have_the_documents_and_the_parts_that_are_kept() -> None:
    with step_accounts(OnAServer()) as accounts:
        accounts.begin()
        accounts.found([record(40.0, 40.0, "b")])  # an earlier run has made this part of b
        accounts.kept(record(1.0, 0.25, "b"))
        accounts.kept(record(2.0, 0.5))
        accounts.ended(record(3.0, 0.75))
        accounts.kept(record(1.0, 0.25, "c"))
        found = accounts.overhead(4.0)
        assert [each.document for each in accounts.done] == ["a"]
    assert found.device_seconds == {"layout": pytest.approx(5.0), "other": 1.0}
    assert found.cpu_seconds == pytest.approx(2.75)


def test_a_step_that_fails_is_not_measured_any_longer() -> None:
    engine = OnAServer()

    def fail() -> None:
        with step_accounts(engine) as accounts:
            accounts.begin()
            raise BackendUnavailableError("no server")

    with pytest.raises(BackendUnavailableError):
        fail()
    assert engine.meter.stopped


def test_servers_that_workers_gave_up_are_told_of_whatever_came_of_the_step() -> None:
    told: list[Mapping[str, int]] = []
    engine = OnAServer()
    engine.meter.given_up = {"layout": 2}
    with step_accounts(engine, told.append) as accounts:
        accounts.begin()
    with pytest.raises(BackendUnavailableError), step_accounts(engine, told.append) as accounts:
        accounts.begin()
        raise BackendUnavailableError("no server")
    engine.meter.given_up = {}
    with step_accounts(engine, told.append) as accounts:
        accounts.begin()
    assert told == [{"layout": 2}, {"layout": 2}]


def test_a_step_that_did_nothing_and_one_without_a_server_have_none() -> None:
    with step_accounts(OnAServer()) as accounts:
        assert accounts.took(1) == {}
        assert accounts.overhead(None) == Overhead()
    with step_accounts(object()) as accounts:
        accounts.begin()
        assert (accounts.folder, accounts.took(1)) == (None, {})
