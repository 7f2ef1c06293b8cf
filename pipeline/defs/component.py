"""docmill as a component of a Dagster project: `dg scaffold defs`, and a `defs.yaml`."""

from __future__ import annotations

from typing import Any

import dagster as dg
from pydantic import Field

from docmill.pipeline.convert.errors import BackendConfigError
from docmill.pipeline.defs.building import docmill_definitions
from docmill.pipeline.defs.configured import WrongSettingError, built
from docmill.pipeline.defs.resources import resource_class

__all__ = ["DocmillComponent"]


class DocmillComponent(dg.Component, dg.Model, dg.Resolvable):
    """PDFs to DoclingDocuments: docmill's assets, checks, jobs, sensors, schedules and resources."""

    key_prefix: str = Field(
        default="docmill",
        description="Before every asset key, parts parted by `/`, and before the names of all else, joined "
        "by `_`",
    )
    resources: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="Settings of docmill's resources by their names, as in the launchpad: "
        "`store: {url: ...}`, `layout: {backend: {triton: {}}}`",
    )
    jobs: bool = Field(default=True, description="Whether there are jobs")
    automation: bool = Field(default=True, description="Whether there are sensors and schedules")
    pages_per_pod: int = Field(
        default=0,
        ge=0,
        description="Stages that have more pages to do of a batch are divided among steps of so many pages; "
        "0: never",
    )

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions. Raises `BackendConfigError` for settings that no resource has."""
        return docmill_definitions(
            key_prefix=self.key_prefix.strip("/").split("/"),
            resources={key: _configured(key, settings) for key, settings in self.resources.items()},
            jobs=self.jobs,
            automation=self.automation,
            pages_per_pod=self.pages_per_pod,
        )


def _configured(key: str, settings: dict[str, Any]) -> Any:
    try:
        return built(resource_class(key), settings)
    except WrongSettingError as error:
        raise BackendConfigError(f"docmill's resource {key!r}: {error}") from error
