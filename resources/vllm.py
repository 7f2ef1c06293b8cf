"""Resource `vllm`: an OpenAI-compatible server with a vision-language model, and how to bear with it."""

from __future__ import annotations

import dagster as dg
from pydantic import Field

from docmill.resources.clients.vllm.server import VlmServer
from docmill.resources.secrets import SECRET, secret

__all__ = ["Vllm"]


class Vllm(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The server and the model that `understanding` asks; vLLM, or any that is compatible with OpenAI's."""

    url: str = Field(default="http://localhost:8000", description="Address of the server")
    model: str = Field(
        default="ibm-granite/granite-docling-258M", description="The model's name on the server"
    )
    model_version: str = Field(default="", description="Raise it when other weights have the same name")
    api_key: str = Field(
        default="",
        description="Sent to the server. Use an environment variable.",
        json_schema_extra={**SECRET},
    )
    api_key_file: str = Field(default="", description="File that holds the key")
    concurrency: int = Field(default=16, ge=1, description="Requests in flight, over all workers of a step")
    deadline_s: float = Field(default=120.0, gt=0, description="Seconds for one request")
    patience_s: float = Field(
        default=180.0, ge=0, description="Seconds that a server which is away or overloaded is waited for"
    )
    retries: int = Field(default=3, ge=0, description="Further attempts at a page that the server fails on")
    stream: bool = Field(
        default=False, description="Answers piece by piece: those that repeat themselves are cut off early"
    )

    def server(self) -> VlmServer:
        """Where the server is. Raises `BackendConfigError` for a malformed address."""
        return VlmServer(
            url=self.url,
            model=self.model,
            api_key=secret(self.api_key, self.api_key_file),
            deadline_s=self.deadline_s,
            patience_s=self.patience_s,
            retries=self.retries,
            stream=self.stream,
        )
