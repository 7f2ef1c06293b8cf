"""How many CPUs there are, as Linux says it of a container."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from docmill.resources.settings.cpus import usable_cpus
from docmill.resources.settings.workers import Workers


@pytest.fixture(autouse=True)
def eight(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine of eight."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)), raising=False)


@pytest.mark.parametrize(
    ("said", "cpus"),
    [
        ("max 100000", 8),
        ("200000 100000", 2),
        ("150000 100000", 2),
        ("50000 100000", 1),
        ("6400000 100000", 8),
        ("", 8),
        ("nonsense 0", 8),
    ],
)
def test_a_container_has_what_it_may_use_at_once(tmp_path: Path, said: str, cpus: int) -> None:
    (tmp_path / "cpu.max").write_text(said)
    assert usable_cpus(tmp_path) == cpus


@pytest.mark.parametrize(("quota", "cpus"), [("300000", 3), ("-1", 8)])
def test_the_first_version_says_it_in_two_files(tmp_path: Path, quota: str, cpus: int) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text(f"{quota}\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert usable_cpus(tmp_path) == cpus


def test_without_a_word_of_it_a_process_has_what_it_may_run_on(tmp_path: Path) -> None:
    assert usable_cpus(tmp_path) == 8
    assert Workers(count=3).processes == 3
    assert 1 <= Workers().processes <= 8
