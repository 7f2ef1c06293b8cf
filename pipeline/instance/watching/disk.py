"""What Dagster keeps on this machine."""

from __future__ import annotations

from pathlib import Path

__all__ = ["instance_bytes"]

#: A file a run beside this one, which all runs share.
_INDEX = "index.db"


def instance_bytes(home: Path) -> tuple[int | None, int]:
    """The bytes of the shared database, None where it is not in `home`, and those of the logs of runs."""
    files = [path for path in home.rglob("*") if path.is_file()]
    databases = [path for path in files if ".db" in path.suffixes or path.suffix.startswith(".db")]
    of_runs = [path for path in databases if path.parent.name == "runs" and not path.name.startswith(_INDEX)]
    shared = set(databases) - set(of_runs)
    logs = sum(path.stat().st_size for path in files if path not in shared)
    return (sum(path.stat().st_size for path in shared) if shared else None), logs
