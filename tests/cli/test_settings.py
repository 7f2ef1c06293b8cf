"""`docmill settings`, `--settings`, and what commands make of the file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from docmill.pipeline.cli.places import the_sources, the_store
from docmill.pipeline.convert.errors import SettingsError

SAMPLES = Path(__file__).parents[1] / "samples"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def docmill(tmp_path: Path) -> Run:
    """Runs the command in an empty folder, with a home of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("DOCMILL", "DAGSTER"))}

    def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "docmill.pipeline.cli", *map(str, arguments)],
            cwd=tmp_path,
            env={**inherited, "DOCMILL_HOME": str(tmp_path / "home"), "COLUMNS": "80", **more},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


def test_settings_say_what_is_in_force_and_where_it_is_from(docmill: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('[pricing]\nper_gpu_hour = 2.5\n[layout]\nbackend = "triton"\n')
    run = docmill("--settings", "mine.toml", "settings", DOCMILL_INBOX="/in", DOCMILL_LAYOT="x")
    assert run.returncode == 0, run.stderr
    assert "mine.toml" in run.stderr
    assert "line 2" in run.stdout
    assert "$DOCMILL_INBOX" in run.stdout
    assert "workers" not in run.stdout
    assert "DOCMILL_LAYOT" in run.stderr
    lines = docmill("--settings", "mine.toml", "settings", "--all", "--json").stdout.splitlines()
    rows = {f"{row['section']}.{row['key']}": row for row in map(json.loads, lines)}
    assert rows["pricing.per_gpu_hour"]["value"] == 2.5
    assert rows["layout.backend"]["value"] == "triton"
    assert rows["workers.count"]["origin"] == "default"
    assert all(row["description"] for row in rows.values())


def test_the_example_is_a_file_that_changes_nothing(docmill: Run, tmp_path: Path) -> None:
    run = docmill("settings", "--example")
    assert run.returncode == 0, run.stderr
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "home" / "docmill.toml").write_text(run.stdout)
    assert "Everything is at its default" in docmill("settings").stderr
    # and each of its lines is one that can be taken in
    taken = [line.removeprefix("#") for line in run.stdout.splitlines() if not line.startswith("# ")]
    said = tomllib.loads("\n".join(taken))
    assert said["inbox"]["batch_documents"] == 64
    assert said["layout"] == {"backend": "embedded", "detector": "default"}


def test_a_mistake_is_one_line_and_exit_code_2(docmill: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text("[inbox]\nurll = '/in'\n")
    for command in (["settings"], ["convert", str(SAMPLES / "form.pdf")]):
        run = docmill("--settings", "mine.toml", *command)
        assert run.returncode == 2
        [line] = run.stderr.splitlines()
        assert line.endswith("mine.toml, line 2: there is no setting inbox.urll; did you mean url?")


def test_the_version(docmill: Run) -> None:
    assert docmill("--version").stdout.startswith("docmill 0.")


def test_commands_that_ask_work_on_the_store_that_is_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    monkeypatch.setenv("SECRET", "s3cret")
    monkeypatch.delenv("DOCMILL_STORE", raising=False)
    (tmp_path / "docmill.toml").write_text(
        '[store]\nurl = "s3://bucket/store"\noptions = { secret = { env = "SECRET" } }\n'
        'source_options = { endpoint_url = "http://s3" }\n'
        'source_headers = { Authorization = { env = "SECRET" }, Accept = "application/pdf" }\n'
    )
    assert the_store().url == "s3://bucket/store"
    assert the_store().options == {"secret": "s3cret"}
    assert the_sources().options == {"endpoint_url": "http://s3"}
    assert the_sources().headers == {"Authorization": "s3cret", "Accept": "application/pdf"}
    monkeypatch.setenv("DOCMILL_STORE", str(tmp_path / "other"))
    assert the_store().url == str(tmp_path / "other")
    (tmp_path / "docmill.toml").write_text("[store]\nurl = 3\n")
    monkeypatch.delenv("DOCMILL_STORE")
    with pytest.raises(SettingsError, match=r"line 2: store\.url cannot be 3"):
        the_store()


def test_headers_that_are_secrets_are_not_written_down(tmp_path: Path, docmill: Run) -> None:
    (tmp_path / "mine.toml").write_text('[store]\nsource_headers = { Authorization = "Bearer s3cret" }\n')
    run = docmill("--settings", "mine.toml", "settings")
    assert run.returncode == 2
    assert "store.source_headers is a secret, and is not written down" in run.stderr
    assert "s3cret" not in run.stderr
