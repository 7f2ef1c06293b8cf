"""Recordings of docling's own runs: in the folder that $DOCMILL_CONFORMANCE names, not in the repository."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

RECORDINGS = Path(os.environ.get("DOCMILL_CONFORMANCE") or "no-recordings")
needs_recordings = pytest.mark.skipif(not RECORDINGS.is_dir(), reason="no recordings of docling's runs here")
