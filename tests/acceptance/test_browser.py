"""Chromium as the benchmarks drive it."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from benchmarks.scale.browser import Browser
from tests.support.chromium import need_chromium

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(300)]


def processes_of(profile: Path) -> list[int]:
    """Processes that were started with this profile, and everything below them."""
    found = [each for each in psutil.process_iter() if f"--user-data-dir={profile}" in arguments(each)]
    below = [child for each in found for child in each.children(recursive=True)]
    return sorted({each.pid for each in [*found, *below]})


def arguments(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def test_nothing_of_it_is_left(tmp_path: Path) -> None:
    need_chromium()
    for attempt in range(3):
        profile = tmp_path / str(attempt)
        with Browser(profile) as browser:
            browser.load("data:text/html,<p>hello", "document.body.innerText.includes('hello')")
            assert browser.picture().startswith(b"\x89PNG")
            family = processes_of(profile)
            assert len(family) > 1
        assert not [pid for pid in family if psutil.pid_exists(pid)]


def test_nothing_is_left_of_one_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_chromium()
    family: list[int] = []

    def fails(*_: object, **__: object) -> None:
        family.extend(processes_of(tmp_path))
        raise RuntimeError("no DevTools")

    monkeypatch.setattr(Browser, "_call", fails)
    with pytest.raises(RuntimeError, match="no DevTools"), Browser(tmp_path):
        pass
    assert family
    assert not [pid for pid in family if psutil.pid_exists(pid)]
