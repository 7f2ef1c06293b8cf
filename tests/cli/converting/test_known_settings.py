"""What names all that fingerprints are made of, and what is noted under it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

import docmill
from docmill.pipeline.cli.converting.known_settings import (
    KnownSettings,
    digest_of_settings,
    recall,
    remember,
)

KNOWN = KnownSettings({"pages": "0123456789abcdef", "exports": "fedcba9876543210"}, "/results")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in list(os.environ):
        if name.startswith(("DOCMILL_", "DAGSTER_HOME")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("DOCMILL_HOME", str(tmp_path))
    return tmp_path


def test_what_was_remembered_is_found_under_the_same_settings(home: Path) -> None:
    digest = digest_of_settings({"ocr": "off"})
    assert recall(digest) is None
    remember(digest, KNOWN)
    assert recall(digest_of_settings({"ocr": "off"})) == KNOWN
    assert [path.name for path in home.iterdir()] == ["known-settings.json"]


def settings_file(home: Path, text: str) -> None:
    (home / "docmill.toml").write_text(text, "utf-8")


@pytest.mark.parametrize(
    "change",
    [
        lambda _home, patch: patch.setenv("DOCMILL_LAYOUT_BACKEND", "triton"),
        lambda _home, patch: patch.setenv("DAGSTER_HOME", "/another"),
        lambda home, _patch: settings_file(home, "[assembly]\npictures = true\n"),
    ],
)
def test_other_settings_are_not_known(
    home: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, pytest.MonkeyPatch], None]
) -> None:
    before = digest_of_settings({})
    change(home, monkeypatch)
    assert digest_of_settings({}) != before


def test_other_options_are_not_known() -> None:
    assert digest_of_settings({"ocr": "off"}) != digest_of_settings({})


@pytest.mark.parametrize("named_by", ["file", "variable"])
def test_a_variable_that_settings_name_counts(
    home: Path, monkeypatch: pytest.MonkeyPatch, named_by: str
) -> None:
    unnamed = digest_of_settings({})
    monkeypatch.setenv("THE_PAGES", "1-3")
    assert digest_of_settings({}) == unnamed
    if named_by == "file":
        settings_file(home, '[reader.pages]\nenv = "THE_PAGES"\n')
    else:
        monkeypatch.setenv("DOCMILL_STORE_OPTIONS", '{ some = [{ env = "THE_PAGES" }] }')
    named = digest_of_settings({})
    monkeypatch.setenv("THE_PAGES", "4-")
    assert digest_of_settings({}) != named


def test_the_password_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_of_settings({})
    monkeypatch.setenv("DOCMILL_PASSWORD", "secret")
    assert digest_of_settings({}) == before


def test_another_code_is_not_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "docmill"
    (package / "stages").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "stages" / "layout.py").write_text("version = 3\n", "utf-8")
    monkeypatch.setattr(docmill, "__file__", str(package / "__init__.py"))
    before = digest_of_settings({})
    (package / "stages" / "layout.py").write_text("version = 4\n", "utf-8")
    os.utime(package / "stages" / "layout.py", ns=(0, 0))
    assert digest_of_settings({}) != before


def test_only_the_latest_are_kept(home: Path) -> None:
    for number in range(70):
        remember(f"{number}", KNOWN)
    assert recall("5") is None
    assert recall("6") == recall("69") == KNOWN
    (home / "known-settings.json").write_bytes(b'{"69": ')
    assert recall("69") is None
    remember("70", KNOWN)
    assert recall("70") == KNOWN
