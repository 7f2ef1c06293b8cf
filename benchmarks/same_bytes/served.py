"""A Triton server on this machine with the embedded models, and neighbours who ask the same models."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.same_bytes.disturbances import Disturbance
from benchmarks.serving.pictures import requests, tensor_counts
from docmill.resources.clients.triton import TritonModel, TritonServer
from docmill.resources.clients.triton.connection import connect
from docmill.resources.local.triton.environment import prepare_environment
from docmill.resources.local.triton.places import default_triton_home, shipped
from docmill.resources.local.triton.repository import install_embedded
from docmill.resources.local.triton.server import LocalServer, Ports, ServerSettings
from docmill.resources.weights.embedded_weights import ModelCache, default_folder

__all__ = ["ASKED", "MODELS", "Served", "neighbours", "served"]

#: Of docmill's, and the options of `docmill convert` that have all of them asked.
MODELS = ("layout_cdla", "slanet_plus", "ocr_detect", "ocr_recognise")
ASKED = ("--layout", "triton:cdla", "--tables", "triton:slanet", "--ocr", "triton")
#: Neighbours of each model, and how many pictures they send in turn.
_CLIENTS, _REQUESTS = 2, 4


@dataclass(frozen=True)
class Served:
    """The server's address, and the options of `docmill convert` that have it used."""

    url: str
    options: tuple[str, ...]


@contextmanager
def served(folder: Path, joined: bool) -> Iterator[Served]:
    """Started for as long; with `joined` requests that come together run as one batch, as on a GPU."""
    repository = folder / "models"
    install_embedded(repository, shipped().models, ModelCache(default_folder()))
    for config in repository.glob("*/config.pbtxt"):
        if config.parent.name not in MODELS:
            shutil.rmtree(config.parent)
        elif joined:
            text = config.read_text()
            config.write_text(text + 'parameters { key: "join_requests" value { string_value: "true" } }\n')
    home = default_triton_home()
    settings = ServerSettings(repository, MODELS, Ports(0, 0, 0), threads=1)
    with LocalServer(settings, prepare_environment(home, shipped()), home) as server:
        yield Served(server.url, (*ASKED, "--triton-url", server.url))


def neighbours(url: str) -> Disturbance:
    """Clients who ask each model for other pictures all the while."""

    @contextmanager
    def beside(_home: Path) -> Iterator[list[str]]:
        over = threading.Event()
        client = connect(url)
        settings = TritonServer(url, deadline_s=600.0, in_flight=64)
        counts = dict.fromkeys(MODELS, 0)
        # PDFium draws the pictures, which bears no threads
        given = {name: requests(url, name, 1, _REQUESTS) for name in MODELS}

        def ask(name: str) -> None:
            model = TritonModel(settings, name, "", *tensor_counts(client, name))
            while not over.is_set():
                model.infer(given[name][counts[name] % _REQUESTS])
                counts[name] += 1

        clients = [threading.Thread(target=ask, args=(name,)) for name in MODELS for _ in range(_CLIENTS)]
        for each in clients:
            each.start()
        done: list[str] = []
        try:
            yield done
        finally:
            over.set()
            for each in clients:
                each.join()
            done.append(", ".join(f"{name} {count:,}" for name, count in counts.items()) + " requests")

    return beside
