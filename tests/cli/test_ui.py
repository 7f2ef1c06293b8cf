"""What `docmill ui` serves: the location and the instance that `dagster dev -w workspace.yaml` has."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from dagster._core.definitions.run_request import InstigatorType
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import InstigatorState, InstigatorStatus, SensorInstigatorData
from dagster._core.workspace.load_target import WorkspaceFileTarget

from docmill.pipeline.cli import ui
from docmill.pipeline.cli.ui import ui_command
from docmill.pipeline.defs.definitions import defs
from docmill.pipeline.defs.labels import GROUPS
from docmill.pipeline.instance.location import FORMER_LOCATION, LOCATION, asset_graph_page
from docmill.pipeline.instance.own_instance import open_instance

ROOT = Path(__file__).parents[2]


def test_it_serves_the_workspace_under_the_name_that_runs_have() -> None:
    command = ui_command("127.0.0.1", 3333)
    workspace = Path(command[command.index("-w") + 1])
    assert workspace.samefile(ROOT / "workspace.yaml")
    [location] = yaml.safe_load(workspace.read_text("utf-8"))["load_from"]
    assert location["python_module"]["location_name"] == LOCATION
    assert command[-4:] == ["--host", "127.0.0.1", "--port", "3333"]


def test_it_says_where_to_begin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "theirs"))
    started: list[list[str]] = []
    monkeypatch.setattr("os.execv", lambda _, command: started.append(command))
    ui.serve_ui("0.0.0.0", 3333)
    said = capsys.readouterr().err
    assert "http://localhost:3333/asset-groups?expanded=global@global:intake,global@global:convert" in said
    assert str(tmp_path / "theirs") in said
    assert started == [ui_command("0.0.0.0", 3333)]


def test_sensors_stay_as_they_were_switched_before_the_location_had_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setattr("os.execv", lambda *_: None)
    on, off = InstigatorStatus.RUNNING, InstigatorStatus.STOPPED
    with open_instance() as instance:
        for state in (
            switched(FORMER_LOCATION, "new_pdfs", on, "as far as it was"),
            switched(FORMER_LOCATION, "alert_on_failure", off, "as far as it was"),
            switched("theirs", "other", on, ""),
            switched(LOCATION, "alert_on_failure", on, "later"),
        ):
            instance.add_instigator_state(state)
    for _ in range(2):
        ui.serve_ui("127.0.0.1", 3333)
    [served] = WorkspaceFileTarget([str(ROOT / "workspace.yaml")]).create_origins()
    with open_instance() as instance:
        assert served in [
            state.origin.repository_origin.code_location_origin for state in instance.all_instigator_state()
        ]
        found = {
            state.instigator_name: (state.status, state.instigator_data.cursor)  # type: ignore[union-attr]
            for state in instance.all_instigator_state()
            if state.selector.location_name == LOCATION
        }
        count = len(instance.all_instigator_state())
    assert found == {
        "new_pdfs": (on, "as far as it was"),
        "alert_on_failure": (on, "later"),
    }
    assert count == 5


def switched(location: str, name: str, status: InstigatorStatus, cursor: str) -> InstigatorState:
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(location), "__repository__")
    origin = RemoteInstigatorOrigin(repository, name)
    return InstigatorState(origin, InstigatorType.SENSOR, status, SensorInstigatorData(cursor=cursor))


def test_the_first_page_opens_every_group() -> None:
    assert {node.group_name for node in defs.resolve_asset_graph().asset_nodes} == set(GROUPS)
    assert asset_graph_page("::1", 80, ["a"]) == "http://[::1]:80/asset-groups?expanded=global@global:a"
