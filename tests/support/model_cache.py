"""Real weights for tests, in `$DOCMILL_MODELS`, else in the repository's `.docmill/models`."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest

from docmill.pipeline.convert.errors import ModelDownloadError
from docmill.resources.weights.embedded_weights import EMBEDDED, EmbeddedModel, ModelCache

_REPOSITORY = Path(__file__).parents[2]


@functools.cache
def _fetched(model: EmbeddedModel) -> Path | str:
    folder = Path(os.environ.get("DOCMILL_MODELS") or _REPOSITORY / ".docmill" / "models")
    try:
        return ModelCache(folder, {model.name: model}).ensure([model.name])[model.name]
    except ModelDownloadError as error:
        return str(error)


def weights(model: str | EmbeddedModel) -> Path:
    """The weights of an embedded model, fetched when missing; skips the test where they cannot be had."""
    found = _fetched(EMBEDDED[model] if isinstance(model, str) else model)
    if isinstance(found, str):
        pytest.skip(found)
    return found


def all_weights() -> Path:
    """The folder of all embedded models: for who may not write there."""
    (folder,) = {weights(model).parent for model in EMBEDDED.values()}
    return folder
