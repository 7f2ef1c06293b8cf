"""Resource `triton`: a Triton Inference Server, and how to bear with it."""

from __future__ import annotations

from typing import Literal

import dagster as dg
from pydantic import Field

from docmill.resources.clients.triton.server import TritonServer

__all__ = ["Triton"]


class Triton(dg.ConfigurableResource):  # type: ignore[type-arg]
    """The Triton server that stages with the backend `triton` ask."""

    url: str = Field(default="localhost:8001", description="host:port of the server's gRPC service")
    deadline_s: float = Field(
        default=60.0, gt=0, description="Seconds for one request, its wait in the server's queue included"
    )
    retries: int = Field(
        default=10, ge=0, description="Further attempts while the server is unavailable, overloaded or late"
    )
    patience_s: float = Field(
        default=45.0, gt=0, description="Seconds after which a silent server is given up and the step fails"
    )
    in_flight: int = Field(
        default=8,
        ge=1,
        description="Requests of one worker under way at once, at most; fewer while answers take long",
    )
    shared_memory: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Inputs through system shared memory. auto: with a server at a loopback address that "
        "takes it",
    )
    recover: Literal["auto", "on", "off"] = Field(
        default="auto",
        description="Load a model anew when its process on the server has died. auto: at loopback addresses",
    )

    fallback: Literal["off", "embedded"] = Field(
        default="off",
        description="embedded: a step whose server is away, as while GPUs wake up, does its stage with the "
        "embedded model",
    )
    redo_fallback: str = Field(
        default="",
        description="When what was done so is done again by the server: a schedule as cron has it, such as "
        '"0 3 * * *"; empty: never',
    )

    def server(self, url: str = "") -> TritonServer:
        """Where the server is, at `url` if another is given.

        Raises `BackendConfigError` for a malformed address.
        """
        return TritonServer(
            url=url or self.url,
            deadline_s=self.deadline_s,
            retries=self.retries,
            patience_s=self.patience_s,
            in_flight=self.in_flight,
            shared_memory=self.shared_memory,
            recover=self.recover,
        )
