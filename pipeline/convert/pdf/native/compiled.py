"""The library of `bulk.c`: how it is compiled, what it is called, and whether this machine has one.

The build hook runs this file by itself, where docmill and what it needs are not installed.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

__all__ = ["compile_library", "library_name", "loaded", "told"]

_SOURCE = Path(__file__).with_name("bulk.c")
#: Products and sums are rounded each, as Python's are.
_OPTIONS = ("-O2", "-fPIC", "-shared", "-ffp-contract=off", "-fno-math-errno")
_SECONDS = 120.0


def library_name() -> str:
    """The name of what this source compiles to here: what was made of another is not taken for it."""
    made_of = _SOURCE.read_bytes() + repr((_OPTIONS, sys.platform, platform.machine())).encode()
    return f"bulk-{hashlib.sha256(made_of).hexdigest()[:12]}.so"


def compile_library(folder: Path) -> Path | None:
    """The library, compiled into a folder by `$CC` or `cc`; None where that cannot be done."""
    made = folder / library_name()
    halfway = made.with_suffix(f".{os.getpid()}.part")
    command = [*shlex.split(os.environ.get("CC") or "cc"), *_OPTIONS, "-o", str(halfway), str(_SOURCE), "-lm"]
    try:
        subprocess.run(command, check=True, capture_output=True, timeout=_SECONDS)
        ctypes.CDLL(str(halfway))  # a cross compiler's is of no use here
        halfway.replace(made)
    except (OSError, subprocess.SubprocessError):
        halfway.unlink(missing_ok=True)
        return None
    return made


@cache
def loaded() -> ctypes.CDLL | None:
    """The library that was compiled with this installation, if there is one and it can be loaded."""
    try:
        return ctypes.CDLL(str(_SOURCE.with_name(library_name())))
    except OSError:
        return None


def told() -> str:
    """How pages are read here, in a word or two."""
    return "by ctypes" if loaded() is None else "in C"
