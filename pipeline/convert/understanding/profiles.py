"""How a kind of vision-language model is asked: its prompt, where it stops, and what it answers in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal

__all__ = ["PROFILES", "AnswerFormat", "Attempt", "Profile", "picture_profile"]

AnswerFormat = Literal["doctags", "markdown", "text"]


@dataclass(frozen=True)
class Attempt:
    """One rung of the ladder that is climbed while answers are unusable; `shrink` multiplies the scale."""

    temperature: float
    shrink: float = 1.0


#: Greedy first; then a little chance, which gets models out of loops; then a smaller image as well.
_LADDER = (Attempt(0.0), Attempt(0.2), Attempt(0.4, 0.75))


@dataclass(frozen=True)
class Profile:
    """A way to ask. The image comes first in the message, the prompt after it.

    `scale`: pixels per point of the image (2.0 is 144 dpi). `max_tokens`: of one answer. `stop`: strings that
    end an answer and are no part of it.
    """

    name: str
    format: AnswerFormat
    prompt: str
    stop: tuple[str, ...] = ()
    scale: float = 2.0
    max_tokens: int = 8192
    ladder: tuple[Attempt, ...] = _LADDER

    def identity(self) -> dict[str, Any]:
        """Everything about it that changes answers."""
        return asdict(self)


_GRANITE_DOCLING = Profile(
    name="granite-docling",
    format="doctags",
    prompt="Convert this page to docling.",
    stop=("</doctag>", "<|end_of_text|>"),
)
_MARKDOWN = Profile(
    name="markdown",
    format="markdown",
    prompt="Convert this page to Markdown.",
    max_tokens=4096,
)
_DESCRIPTION = Profile(
    name="description",
    format="text",
    prompt="Describe this picture in a few sentences.",
    max_tokens=256,
    ladder=(Attempt(0.0), Attempt(0.2)),
)

#: Ways to ask for a whole page, by name: Granite-Docling's, and one for any model that follows instructions.
PROFILES: Mapping[str, Profile] = MappingProxyType({p.name: p for p in (_GRANITE_DOCLING, _MARKDOWN)})


def picture_profile(prompt: str = "") -> Profile:
    """How descriptions of pictures are asked for."""
    return replace(_DESCRIPTION, prompt=prompt) if prompt else _DESCRIPTION
