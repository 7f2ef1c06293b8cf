"""Resource `reader`: how PDFs are opened, and which of their pages are converted."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.pdf.pdf import PdfLimits
from docmill.resources.secrets import SECRET, secret

__all__ = ["Reader"]


class Reader(dg.ConfigurableResource):  # type: ignore[type-arg]
    """How PDFs are opened."""

    password: str = Field(
        default="",
        description="Opens encrypted files. Use an environment variable.",
        json_schema_extra={**SECRET},
    )
    password_file: str = Field(default="", description="File that holds the password")
    pages: str = Field(default="", description="Pages to convert, e.g. 1-3,7,10-. Default: all")
    max_pages: int = Field(default=10_000, gt=0, description="Longer documents are quarantined")
    max_bytes: int = Field(default=1 << 30, gt=0, description="Bigger files are quarantined")
    max_page_pixels: int = Field(
        default=50_000_000, gt=0, description="Bigger pages are rendered at a lower resolution"
    )

    def opening(self) -> str | None:
        """The password; None when there is none. Raises `BackendConfigError` for a file without."""
        return secret(self.password, self.password_file) or None

    def limits(self) -> PdfLimits:
        """The limits."""
        return PdfLimits(
            max_bytes=self.max_bytes, max_pages=self.max_pages, max_page_pixels=self.max_page_pixels
        )
