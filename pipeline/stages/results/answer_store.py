"""Answers of vision-language models, kept one by one: what was paid for is never asked again.

    documents/3f/3f2a9c.../answers/8c1d02e5b7a94f10/page-000012.json
    documents/3f/3f2a9c.../answers/8c1d02e5b7a94f10/page-000013.failed.json

They are named by the document's bytes and by what decides an answer: the model and how it was asked. So
another layout model, or other thresholds, leave them valid, as does a run that is killed between two pages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from docmill.pipeline.stages.results.artifacts import ArtifactStore, fingerprint

__all__ = ["AnswerStore", "StoredAnswer"]

_FAILED = ".failed"


class StoredAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An answer, or the reason why there is none, and what it cost over all attempts."""

    text: str = ""
    reason: str = ""
    message: str = ""
    model: str = ""
    attempts: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    generation_tokens: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class AnswerStore:
    """The answers about one document, by one model that is asked in one way."""

    artifacts: ArtifactStore
    document: str
    asked: Mapping[str, Any]

    def known(self) -> dict[str, str]:
        """The paths of all answers by their keys."""
        found = {}
        for path in self.artifacts.store.list(self._folder):
            name = path.rpartition("/")[2].removesuffix(".json")
            found[name.removesuffix(_FAILED)] = path
        return found

    @staticmethod
    def failures(known: Mapping[str, str]) -> int:
        """How many of them say that a page could not be understood."""
        return sum(path.endswith(f"{_FAILED}.json") for path in known.values())

    def read(self, path: str) -> StoredAnswer | None:
        """An answer; None when it is gone or damaged."""
        try:
            return msgspec.json.decode(self.artifacts.store.read(path), type=StoredAnswer)
        except (FileNotFoundError, msgspec.MsgspecError):
            return None

    def write(self, key: str, answer: StoredAnswer) -> None:
        """Keep an answer."""
        name = f"{key}{_FAILED if answer.reason else ''}.json"
        self.artifacts.store.write(f"{self._folder}/{name}", msgspec.json.encode(answer))

    @property
    def _folder(self) -> str:
        return self.artifacts.folder(self.document, "answers", fingerprint("answers", self.asked, ()))
