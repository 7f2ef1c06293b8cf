"""Fair scoring: an output is not blamed for a title and references that the truth leaves out.

Authors' sources often have the title in a field of its own and the references in a file of their own. Then
the first heading and the section `References` are taken out of every output. Whether truths have titles is
asked of the whole corpus: one paper of a single section above others does not make it otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from benchmarks.quality.markdown import heading_levels, headings, without_heading, without_section

__all__ = ["Fairness", "fair", "is_fair"]

_REFERENCES = "References"


class Fairness(StrEnum):
    """When outputs are scored fair: `auto` where most truths have no heading for the title."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


def is_fair(truths: Sequence[str], fairness: Fairness) -> bool:
    """Whether outputs are scored fair in a corpus of these truths."""
    if fairness is Fairness.AUTO:
        return 2 * sum(map(_titled, truths)) < len(truths)
    return fairness is Fairness.ALWAYS


def fair(truth: str, output: str) -> str:
    """The output as it is scored fair; references that the truth has stay."""
    if _REFERENCES.casefold() not in {heading.casefold() for heading in headings(truth)}:
        output = without_section(output, _REFERENCES)
    return without_heading(output)


def _titled(markdown: str) -> bool:
    """Whether the first heading is the title: alone on the highest level, above others.

    A paper without its title starts with a section that has others beside it.
    """
    levels = heading_levels(markdown)
    return len(levels) > 1 and levels[0] < min(levels[1:])
