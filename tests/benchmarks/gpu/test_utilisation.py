"""GPU utilisation, from a program that speaks as NVIDIA's does: there is no GPU here."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from benchmarks.gpu.utilisation import Utilisation


def test_samples_of_the_driver_are_averaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\nprintf '%s\\n' 40 80 '[N/A]' > /dev/stdout\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    with Utilisation() as busy:
        ends = time.monotonic() + 20
        while busy.samples < 2 and time.monotonic() < ends:
            time.sleep(0.02)
    assert busy.mean == pytest.approx(0.6)


def test_without_a_driver_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with Utilisation() as busy:
        pass
    assert busy.mean is None


def test_a_stretch_has_its_own_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 20\nsleep 0.5\necho 90\nexec sleep 60\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    began = time.perf_counter()
    with Utilisation() as busy:
        ends = time.monotonic() + 20
        while busy.samples < 1 and time.monotonic() < ends:
            time.sleep(0.01)
        first = time.perf_counter()
        while busy.samples < 2 and time.monotonic() < ends:
            time.sleep(0.01)
    assert busy.between(began, first) == pytest.approx(0.2)
    assert busy.between(first, time.perf_counter()) == pytest.approx(0.9)
    assert busy.between(0.0, began) is None
