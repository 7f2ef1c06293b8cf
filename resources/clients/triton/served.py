"""What a server has behind a model's name, by the model's own configuration.

docmill writes the SHA-256 of a model's files to its `config.pbtxt` as the parameter `digest`
(`docmill.resources.weights.served_digest`). A model without it is known by the version that answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

__all__ = ["CALLS", "DIGEST", "names_a_version", "read_served"]

#: Parameters of a model's configuration: what its files are, and the models that it calls, with commas.
DIGEST, CALLS = "digest", "calls"

_VERSION = "version "


def read_served(client: Any, model: str, version: str, patience: float) -> dict[str, str]:
    """The digest of a model and of each that it calls, by name; `version 3` for one that has none.

    The steps of an ensemble count as called. Errors of tritonclient pass.
    """
    found: dict[str, str] = {}
    waiting = [(model, version)]
    while waiting:
        name, asked = waiting.pop()
        if name in found:
            continue
        config = client.get_model_config(name, asked, client_timeout=patience).config
        digest = _parameter(config, DIGEST)
        found[name] = digest or f"{_VERSION}{asked or _newest(client, name, patience)}"
        waiting += _called(config)
    return dict(sorted(found.items()))


def names_a_version(served: str) -> bool:
    """Whether that is all that is known of a model."""
    return served.startswith(_VERSION)


def _called(config: Any) -> Iterator[tuple[str, str]]:
    for step in config.ensemble_scheduling.step:
        yield step.model_name, str(step.model_version) if step.model_version > 0 else ""
    for name in _parameter(config, CALLS).split(","):
        if name.strip():
            yield name.strip(), ""


def _newest(client: Any, model: str, patience: float) -> str:
    """The version that answers who asks for none."""
    metadata = client.get_model_metadata(model, "", client_timeout=patience)
    return max(metadata.versions, key=lambda each: (len(each), each), default="")


def _parameter(config: Any, key: str) -> str:
    return str(config.parameters[key].string_value) if key in config.parameters else ""
