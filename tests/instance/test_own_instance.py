"""The command line's Dagster instance: made anew, brought up to date, or left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.instance.coordinator import LanedRunCoordinator
from docmill.pipeline.instance.launcher import WatchedRunLauncher
from docmill.pipeline.instance.own_instance import open_instance
from docmill.pipeline.instance.run_output import RunOutput

SHIPPED = (Path(__file__).parents[2] / "deploy" / "dagster.yaml").read_text("utf-8")
MODULE = "docmill.pipeline.instance.launcher"
#: As an earlier docmill shipped it, with what its user added since.
WITHOUT_WHAT_CAME_SINCE = (
    SHIPPED.replace("# No greeting above the first page of the UI.\nnux:\n  enabled: false\n\n", "")
    .replace("docmill.pipeline.instance.coordinator", "dagster.core.run_coordinator")
    .replace("LanedRunCoordinator", "QueuedRunCoordinator")
    .replace("docmill.pipeline.instance.run_output", "dagster.core.storage.noop_compute_log_manager")
    .replace("RunOutput", "NoOpComputeLogManager")
)
FORMER = SHIPPED.replace(MODULE, "pipeline.launcher") + "# our own: module: pipeline.launcher\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """docmill's, with no instance in it."""
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path / "home"))
    # set first, or what `open_instance` sets would stay
    monkeypatch.setenv("DAGSTER_HOME", "")
    monkeypatch.delenv("DAGSTER_HOME")
    return tmp_path / "home"


def instance_at(folder: Path, settings: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "dagster.yaml").write_text(settings, "utf-8")
    return folder / "dagster.yaml"


def launches() -> bool:
    with open_instance() as instance:
        return isinstance(instance.run_launcher, WatchedRunLauncher)


def test_a_new_instance_is_as_shipped(home: Path) -> None:
    assert launches()
    assert (home / "dagster" / "dagster.yaml").read_text("utf-8") == SHIPPED


def test_an_empty_folder_of_docmill_s_becomes_an_instance_as_shipped(home: Path) -> None:
    (home / "dagster").mkdir(parents=True)
    assert launches()


def test_an_instance_of_an_earlier_docmill_goes_on_working(home: Path) -> None:
    settings = instance_at(home / "dagster", FORMER)
    assert launches()
    before, after = FORMER.splitlines(), settings.read_text("utf-8").splitlines()
    changed = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    assert changed == [("  module: pipeline.launcher", f"  module: {MODULE}")]
    assert [path.name for path in settings.parent.iterdir() if path.name.startswith("dagster.yaml")] == [
        "dagster.yaml"
    ]
    times = settings.stat().st_mtime_ns
    assert launches()
    assert settings.stat().st_mtime_ns == times


def test_an_instance_of_an_earlier_docmill_gets_what_came_since(home: Path) -> None:
    settings = instance_at(home / "dagster", WITHOUT_WHAT_CAME_SINCE)
    with open_instance() as instance:
        assert isinstance(instance.run_coordinator, LanedRunCoordinator)
        assert isinstance(instance.compute_log_manager, RunOutput)
        assert not instance.nux_enabled
    assert yaml.safe_load(settings.read_text("utf-8")) == yaml.safe_load(SHIPPED)


def test_what_its_user_has_chosen_stays(home: Path) -> None:
    own = WITHOUT_WHAT_CAME_SINCE.replace("  class: NoOp", "  # ours\n  class: NoOp")
    own = own.replace("  class: Queued", "  # ours\n  class: Queued")
    settings = instance_at(home / "dagster", own)
    assert launches()
    kept = yaml.safe_load(settings.read_text("utf-8"))
    assert kept["compute_logs"]["class"] == "NoOpComputeLogManager"
    assert kept["run_coordinator"]["class"] == "QueuedRunCoordinator"


def test_somebody_else_s_instance_keeps_its_coordinator(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = instance_at(tmp_path / "theirs", WITHOUT_WHAT_CAME_SINCE)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.parent))
    assert launches()
    assert settings.read_text("utf-8") == WITHOUT_WHAT_CAME_SINCE


def test_somebody_else_s_instance_is_left_alone_and_told_of(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = instance_at(tmp_path / "theirs", FORMER)
    monkeypatch.setenv("DAGSTER_HOME", str(settings.parent))
    with pytest.raises(BackendConfigError, match=rf"{settings}.*module: {MODULE}"), open_instance():
        pass
    assert settings.read_text("utf-8") == FORMER


def test_somebody_else_s_instance_without_settings_gets_none(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "theirs").mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "theirs"))
    assert not launches()
    assert not (tmp_path / "theirs" / "dagster.yaml").exists()
