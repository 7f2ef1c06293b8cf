"""Files that the project ships beside its code: read only, in a checkout and in a wheel alike."""

from __future__ import annotations

from pathlib import Path

__all__ = ["shipped_roots"]

#: A checkout has them at its root; a wheel in the folder `docmill/shipped`.
_TOP = Path(__file__).resolve().parents[2]


def shipped_roots() -> tuple[Path, Path]:
    """The folders that may hold `model_repository`, `deploy` and `tests/samples`, the likelier first."""
    return _TOP, _TOP / "shipped"
