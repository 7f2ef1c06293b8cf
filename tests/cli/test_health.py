"""`docmill health`, on an instance as Dagster's daemon leaves it: what it says, and with which code."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import dagster as dg
import pytest
from dagster._daemon.types import DaemonHeartbeat
from dagster._utils.error import serializable_error_info_from_exc_info

from docmill.pipeline.cli.health import show_health
from tests.support.ticking import ticking


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """docmill's home, and Dagster's within it."""
    for name in ("DOCMILL_INBOX", "DOCMILL_ALERT_WEBHOOK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    return tmp_path


def asked(*, daemons: bool = False, silent: float = 300.0) -> int:
    return show_health(daemons=daemons, silent_seconds=silent, prefix=(), as_json=False)


def heard(instance: dg.DagsterInstance, daemons: Iterable[str], seconds_ago: float) -> None:
    for daemon in daemons:
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time() - seconds_ago, daemon, "one", None))


def beat(instance: dg.DagsterInstance, seconds_ago: float = 0.0) -> None:
    """Every daemon that the instance needs was heard of so long ago."""
    heard(instance, instance.get_required_daemon_types(), seconds_ago)


def test_without_a_daemon_it_is_not_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked() == 1
    assert capsys.readouterr().out == "Dagster's daemon has never run\n"


def test_a_daemon_that_fell_silent_is_told(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked() == 1  # makes the instance
    with dg.DagsterInstance.get() as instance:
        beat(instance)
        assert asked() == 0
        capsys.readouterr()
        heard(instance, ["SENSOR"], seconds_ago=400.0)
        assert asked() == 1
        assert capsys.readouterr().out.startswith("the daemon SENSOR is silent since 4")
        beat(instance, seconds_ago=400.0)
    assert asked() == 1
    [said] = capsys.readouterr().out.splitlines()
    assert said.startswith("Dagster's daemon is silent since 4")
    assert asked(silent=600.0) == 0


def test_what_goes_wrong_in_a_daemon_is_told_but_no_reason_to_restart_it(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked()
    with dg.DagsterInstance.get() as instance:
        beat(instance)
        try:
            raise ValueError("the code location cannot be loaded")
        except ValueError:
            what = serializable_error_info_from_exc_info(sys.exc_info())
        instance.add_daemon_heartbeat(DaemonHeartbeat(time.time(), "SENSOR", "one", [what]))
    capsys.readouterr()
    assert asked() == 1
    assert capsys.readouterr().out == "the daemon SENSOR has errors: the code location cannot be loaded\n"
    assert asked(daemons=True) == 0


def test_a_sensor_that_fails_is_told_but_no_reason_to_restart_the_daemon(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCMILL_INBOX", "/nowhere")
    monkeypatch.setenv("DOCMILL_STORE", str(home / "store"))
    asked()
    with dg.DagsterInstance.get() as instance:
        beat(instance)
        with ticking(instance) as daemon:
            daemon.go_on()
            daemon.go_on()
    capsys.readouterr()
    assert show_health(daemons=False, silent_seconds=300.0, prefix=(), as_json=True) == 1
    assert json.loads(capsys.readouterr().out) == {
        "what": "tick/new_pdfs",
        "says": "the sensor `new_pdfs` fails: there is no inbox at /nowhere",
    }
    assert asked(daemons=True) == 0


def test_an_instance_that_does_not_answer_is_not_well(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "dagster").mkdir()
    (home / "dagster" / "dagster.yaml").write_text(
        "storage: {sqlite: {base_dir: /proc/nowhere}}\n", encoding="utf-8"
    )
    assert asked(daemons=True) == 1
    assert "Dagster's instance does not answer" in capsys.readouterr().out
