"""Where the parts of a local server lie: what the project ships, and what is made of it on this machine."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ServerHome", "shipped_roots"]

#: A checkout has what is shipped at its root; a wheel in the folder `docmill/shipped`.
_TOP = Path(__file__).resolve().parents[2]


def shipped_roots() -> tuple[Path, Path]:
    """The folders that may hold `model_repository`, `deploy` and `tests/samples`, the likelier first."""
    return _TOP, _TOP / "shipped"


@dataclass(frozen=True)
class ServerHome:
    """The folder of everything that is made for a server on this machine."""

    folder: Path

    @property
    def environment(self) -> Path:
        """The server's virtual environment."""
        return self.folder / "env"

    @property
    def logs(self) -> Path:
        """The servers' own words, a file each."""
        return self.folder / "logs"
