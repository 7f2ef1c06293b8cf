"""Chromium for tests: Debian's, installed when it is missing and that can be done."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from benchmarks.scale.browser import BrowserMissingError, chromium

__all__ = ["need_chromium"]

_PACKAGE = "chromium"


def need_chromium() -> None:
    """Fail when there is none and none can be installed."""
    if not _there() and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=False)
        subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", _PACKAGE], check=False)
    if not _there():
        pytest.fail(f"this test needs Chromium: apt-get install {_PACKAGE}")


def _there() -> bool:
    try:
        return bool(chromium())
    except BrowserMissingError:
        return False
