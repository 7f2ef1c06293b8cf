"""Imports without garbage collections."""

from __future__ import annotations

import gc

import pytest

from docmill.pipeline.stages.running.loading import uncollected


def test_collections_go_on_after_it_and_leave_alone_what_was_there() -> None:
    before = gc.get_freeze_count()
    try:
        with uncollected():
            assert not gc.isenabled()
            kept: list[list[int]] = [[] for _ in range(1000)]
        assert gc.isenabled()
        assert gc.get_freeze_count() >= before + len(kept)
        with pytest.raises(ValueError, match="broken"), uncollected():
            raise ValueError("broken")
        assert gc.isenabled()
    finally:
        gc.unfreeze()


def test_where_nothing_is_collected_it_stays_so() -> None:
    gc.disable()
    try:
        with uncollected():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
        gc.unfreeze()
