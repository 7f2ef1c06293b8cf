"""What tests of a stage that a script does have in common."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """Where the calls of workers are written down."""
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder
