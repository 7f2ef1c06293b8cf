"""Preloaded by a fork server: each worker of it writes at its end what it has imported itself.

The names are lines of the file that `$FORK_WITNESS` names.
"""

from __future__ import annotations

import os
import sys
from multiprocessing import util
from pathlib import Path

FILE = "FORK_WITNESS"


class _Witness:
    """Lives as long as the process: multiprocessing keeps no object itself."""

    def __init__(self) -> None:
        util.register_after_fork(self, _Witness._begin)

    def _begin(self) -> None:
        self.inherited = set(sys.modules)
        util.Finalize(None, self._end, exitpriority=1)

    def _end(self) -> None:
        with Path(os.environ[FILE]).open("a", encoding="utf-8") as file:
            file.writelines(f"{name}\n" for name in ["worker", *sorted(set(sys.modules) - self.inherited)])


WITNESS = _Witness()
