"""deploy/compose.yaml names models that are in the repository, and that the commands it tells of install."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from docmill.resources.local.triton.places import shipped
from docmill.resources.local.triton.repository import EMBEDDED_SERVED
from docmill.resources.weights.docling_models.catalogue import export_of

COMPOSE = Path(__file__).parents[2] / "deploy" / "compose.yaml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE.read_text())["services"]


def loaded(service: str) -> set[str]:
    """The models that a service loads unless told otherwise."""
    [default] = re.findall(r"\$\{TRITON_MODELS:-([^}]*)\}", SERVICES[service]["command"])
    models = set(re.findall(r"--load-model=(\S+)", default))
    assert default.split() and len(default.split()) == len(models)
    return models


def test_each_service_loads_what_its_command_installs() -> None:
    assert loaded("triton") <= {model.folder for model in EMBEDDED_SERVED}
    exported = [*export_of("layout", "accurate").served, *export_of("tables", "accurate").served]
    assert loaded("docling") == {model.folder for model in exported}
    for model in loaded("triton") | loaded("docling"):
        assert (shipped().models / model / "config.pbtxt").is_file()


def test_only_one_service_starts_by_default() -> None:
    """Triton's two listen at the same ports, and vLLM wants a GPU of its own."""
    assert [name for name, service in SERVICES.items() if "profiles" not in service] == ["triton"]


def test_tritons_services_read_the_projects_repository() -> None:
    for service in (SERVICES["triton"], SERVICES["docling"]):
        assert "../model_repository:/models:ro" in service["volumes"]
        assert "--model-repository=/models" in service["command"]
    assert (COMPOSE.parent / "../model_repository").resolve() == shipped().models
