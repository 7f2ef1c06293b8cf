"""The schema of the settings file takes what docmill takes, and refuses what it refuses."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from jsonschema import Draft7Validator

from docmill.pipeline.convert.errors import SettingsError
from docmill.pipeline.defs.settings import Settings
from docmill.pipeline.defs.settings_schema import settings_schema
from docmill.resources.settings_file import SettingsFile

SCHEMA = Draft7Validator(settings_schema())

TAKEN = """
[store]
url = "s3://bucket/store"
options = { secret = { env = "S3_SECRET" }, client_kwargs = { endpoint_url = "http://minio:9000" } }
[inbox]
batch_documents = 5
[layout]
backend = "triton"
[tables.backend.triton]
model = "mine"
[pricing]
per_gpu_hour = 2
gpu_hours = { l4 = 0.8 }
[exports]
formats = ["md", "json"]
[reader]
password = { env = "PASSWORD" }
[vllm]
url = { env = "VLLM_URL" }
[assembly]
hierarchy = true
[execution]
executor = "k8s"
[execution.k8s]
max_concurrent = 4
"""

REFUSED = (
    "[stores]",
    "[store]\nurls = 's3://x'",
    "[store]\nurl = 5",
    "[workers]\ncount = -1",
    "[workers]\ncount = 'many'",
    "[layout]\nbackend = 'tritn'",
    "[layout.backend.triton]\nmodl = 'x'",
    "[layout.backend.triton]\n[layout.backend.embedded]",
    "[reader]\npassword = 'open'",
    "[store]\noptions = { secret = 'open' }",
    "[store]\noptions = { client_kwargs = { Password = 'open' } }",
    "[store]\nsource_headers = { Authorization = 'open' }",
    "[exports]\nformats = ['docx']",
    "[execution]\nexecutor = 'celery'",
    "[checks]\nmax_failed_share = 1.5",
)


def docmill_takes(values: dict[str, Any]) -> bool:
    settings = Settings(SettingsFile(None, values, ""))
    try:
        settings.check()
        list(settings.each())
    except SettingsError:
        return False
    return True


def test_what_docmill_takes_is_in_the_schema() -> None:
    values = tomllib.loads(TAKEN)
    assert docmill_takes(values)
    assert [error.message for error in SCHEMA.iter_errors(values)] == []


@pytest.mark.parametrize("text", REFUSED)
def test_what_docmill_refuses_is_not(text: str) -> None:
    values = tomllib.loads(text)
    assert not docmill_takes(values)
    assert not SCHEMA.is_valid(values)


def test_every_setting_is_in_it_with_what_it_is_for() -> None:
    for setting in Settings(SettingsFile()).defaults():
        told = SCHEMA.schema["properties"][setting.section]["properties"][setting.key]
        assert told["description"] == setting.description
