"""Loads a model anew whose process on the server has died: Triton calls it ready and fails every request."""

from __future__ import annotations

import hashlib
import json
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from filelock import FileLock

from docmill.resources.clients.triton.errors import DeadStubError

__all__ = ["reload_once"]

#: Big models take long to load.
_LOAD_S = 300.0
#: Workers on other machines see the same failure at the same moment, and share no lock.
_JITTER_S = 1.0


def reload_once(client: Any, url: str, model: str, is_dead: Callable[[], bool]) -> None:
    """Load `model` anew unless another worker has done so meanwhile, which `is_dead` finds out.

    What is in the repository is loaded first: files that have changed come with a configuration that says
    so. Where none has, Triton does nothing, and the configuration that the model has is given: that makes it
    start a new instance all the same, and keep the name known meanwhile, so that no request of another client
    is refused.
    Raises `DeadStubError` when the server cannot load it, or does not let clients load models.
    """
    from tritonclient.utils import InferenceServerException

    time.sleep(random.uniform(0.0, _JITTER_S))
    with _alone(f"{url} {model}"):
        if not is_dead():
            return
        try:
            config = client.get_model_config(model, as_json=True, client_timeout=_LOAD_S)["config"]
            client.load_model(model, client_timeout=_LOAD_S)
            if not is_dead():
                return
            client.load_model(model, config=json.dumps(config), client_timeout=_LOAD_S)
        except InferenceServerException as error:
            raise DeadStubError(
                f"the process of the model {model} of the Triton server at {url} died, and it could not be "
                f"loaded anew: {error.message()}; restart the server, or start it with "
                "--model-control-mode=explicit"
            ) from error


@contextmanager
def _alone(what: str) -> Iterator[None]:
    """Hold a lock that the workers of this user on this machine share; go on without where there is none."""
    digest = hashlib.sha256(what.encode()).hexdigest()[:16]
    path = Path(tempfile.gettempdir()) / f"docmill-reload-{os.getuid()}-{digest}.lock"
    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(FileLock(path, mode=0o600))
        yield
