"""The elements of English compounds contradict each other nowhere."""

from __future__ import annotations

from docmill.pipeline.convert.joining.english import (
    ALWAYS_BEFORE,
    ENDINGS,
    FUSING,
    FUSING_TAILS,
    HEADS,
    PAIRS,
    TAILS,
)


def test_no_element_says_two_things() -> None:
    assert not (HEADS | ALWAYS_BEFORE) & FUSING
    assert not HEADS & ALWAYS_BEFORE
    assert not TAILS & (ENDINGS | FUSING_TAILS)
    assert not PAIRS.keys() & (HEADS | ALWAYS_BEFORE | FUSING)
