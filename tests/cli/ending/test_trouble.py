"""Disks and databases that libraries trip over, in one line."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from docmill.pipeline.cli.ending.trouble import trouble


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (
            "database or disk is full",
            "there is no room for Dagster's database in /somewhere: database or disk",
        ),
        ("attempt to write a readonly database", "cannot write Dagster's database in /somewhere"),
        ("unable to open database file", "Make it writable, or name another place"),
    ],
)
def test_of_a_database(said: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "/somewhere")
    try:
        try:
            raise sqlite3.OperationalError(said)
        except sqlite3.OperationalError as error:
            raise OperationalError("INSERT", {}, error) from error
    except OperationalError as error:
        found = trouble(error)
    assert found is not None
    assert words in found


def test_of_a_disk(tmp_path: Path) -> None:
    place = str(tmp_path / "a")
    full = trouble(OSError(errno.ENOSPC, "No space left on device", place))
    assert full is not None
    assert full.startswith(f"cannot write {place}: No space left on device. Make room there")
    closed = RuntimeError()
    closed.__context__ = PermissionError(errno.EACCES, "Permission denied", place)
    found = trouble(closed)
    assert found is not None
    assert "Make it writable" in found


def test_anything_else_is_a_defect_and_shown_as_one() -> None:
    error = ValueError("a defect")
    error.__cause__ = error
    assert trouble(error) is None
    assert trouble(sqlite3.OperationalError("no such table: runs")) is None
    assert trouble(FileNotFoundError(errno.ENOENT, "No such file or directory", "x")) is None
