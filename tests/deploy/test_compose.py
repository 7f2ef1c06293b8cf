"""deploy/compose.yaml names models that are in the repository, and that the commands it tells of install."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from docmill.resources.local.triton.places import default_triton_home, shipped
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


@pytest.mark.parametrize("home", ["", "~/mine", "/data/docmill"])
def test_tritons_services_read_the_repository_that_commands_fill(
    home: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCMILL_HOME", home)
    for service in (SERVICES["triton"], SERVICES["docling"]):
        [mount] = [volume for volume in service["volumes"] if volume["target"] == "/models"]
        assert mount["type"] == "bind" and mount["read_only"] and not mount["bind"]["create_host_path"]
        [(variable, default, rest)] = re.findall(r"^\$\{(\w+):-([^}]+)\}(.*)$", mount["source"])
        # as Compose does it: the variable unless it is empty, then the user's folder for `~`
        source = Path((os.environ[variable] or default) + rest).expanduser()
        assert source == default_triton_home().models
        assert "--model-repository=/models" in service["command"]


def test_services_stay_for_themselves() -> None:
    variables = {name: service.get("environment", {}) for name, service in SERVICES.items()}
    for name in ("triton", "docling"):
        assert variables[name]["ORT_DISABLE_TELEMETRY"] == "1"
    assert variables["vllm"]["VLLM_NO_USAGE_STATS"] == "1"
