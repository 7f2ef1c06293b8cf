"""Where a server is, and how long to bear with it."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from docmill.pipeline.convert.errors import BackendConfigError

__all__ = ["VlmServer"]


@dataclass(frozen=True)
class VlmServer:
    """An OpenAI-compatible server and one model of it.

    `deadline_s` limits one request; `patience_s` is how long a server that does not answer is waited for: a
    vLLM server takes up to two minutes to come back. `retries` are made after failures of a server that is
    there. With `stream`, answers arrive piece by piece and one that repeats itself is cut off early.
    """

    url: str = "http://localhost:8000"
    model: str = "ibm-granite/granite-docling-258M"
    api_key: str = ""
    deadline_s: float = 120.0
    patience_s: float = 180.0
    retries: int = 3
    stream: bool = False

    def __post_init__(self) -> None:
        """Raise `BackendConfigError` for what is no address."""
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BackendConfigError(
                f"{self.url!r} is no address of an OpenAI-compatible server: give one such as "
                "http://localhost:8000"
            )

    @property
    def root(self) -> str:
        """The address without the API's path: vLLM's /health and /metrics are there."""
        return self.url.rstrip("/").removesuffix("/v1")

    @property
    def api(self) -> str:
        """The address of the API."""
        return f"{self.root}/v1"

    @property
    def place(self) -> str:
        """How messages name it."""
        return f"the model {self.model} of the server at {self.root}"
