"""Where numbers were measured: machine and versions."""

from __future__ import annotations

import platform
from importlib import metadata
from pathlib import Path

import msgspec
import psutil

from docmill.pipeline.convert.pdf.native.compiled import told

__all__ = ["Environment", "environment"]

_PACKAGES = (
    "docmill",
    "docling-slim",
    "docling-core",
    "pypdfium2",
    "onnxruntime",
    "numpy",
    "rapidfuzz",
    "apted",
)


class Environment(msgspec.Struct, frozen=True):
    """Machine and versions behind a measurement."""

    cpu: str
    cores: int  # logical ones that this process may use
    memory_gib: float
    system: str
    python: str
    versions: dict[str, str]


def environment() -> Environment:
    """Look at this machine and at the installed packages."""
    return Environment(
        cpu=_cpu_model(),
        cores=_usable_cores(),
        memory_gib=round(psutil.virtual_memory().total / 2**30, 1),
        system=f"{platform.system()} {platform.release()}",
        python=platform.python_version(),
        versions={package: version for package in _PACKAGES if (version := _version(package))}
        | {"pages": f"read {told()}"},
    )


def _cpu_model() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _usable_cores() -> int:
    if hasattr(psutil.Process, "cpu_affinity"):  # not on macOS
        return len(psutil.Process().cpu_affinity() or [])
    return psutil.cpu_count() or 1


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
