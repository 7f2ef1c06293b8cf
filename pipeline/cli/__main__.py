"""`python -m pipeline.cli` is `docmill`."""

from __future__ import annotations

from docmill.pipeline.cli import main

if __name__ == "__main__":
    main()
