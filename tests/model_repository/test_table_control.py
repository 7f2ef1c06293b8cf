import numpy as np
import pytest
from table_decoding.control import END, MAX_TAGS, START, TAGS, TagSequence

from docmill.pipeline.convert.tables.tableformer import tableformer


def written(script: str, max_tags: int = MAX_TAGS) -> tuple[TagSequence, list[int]]:
    """The sequence after these tags, and the steps that gave boxes."""
    sequence, steps = TagSequence(max_tags), []
    for step, tag in enumerate(script.split()):
        if sequence.add(TAGS.index(tag)):
            steps.append(step)
        if sequence.done:
            break
    return sequence, steps


def kept(sequence: TagSequence) -> str:
    return " ".join(TAGS[number] for number in sequence.tags)


def test_the_vocabulary_is_that_of_the_client() -> None:
    assert TAGS == tableformer.TAGS
    assert (TAGS[START], TAGS[END]) == ("<start>", "<end>")


@pytest.mark.parametrize(
    ("script", "steps", "boxes"),
    [
        # a cell's box comes with the tag after it
        ("fcel ecel nl rhed srow nl <end>", [1, 2, 4, 5], [(0, 0), (1, 1), (2, 2), (3, 3)]),
        # a span has a box where it begins and one where it ends
        ("ched lcel lcel fcel nl <end>", [1, 3, 4], [(0, 1), (2, 2)]),
        ("fcel lcel nl fcel lcel nl <end>", [1, 2, 4, 5], [(0, 1), (2, 3)]),
        # below a cell there is none
        ("fcel fcel nl ucel fcel nl <end>", [1, 2, 5], [(0, 0), (1, 1), (2, 2)]),
        ("fcel ucel nl <end>", [1], [(0, 0)]),
        # what nothing closes ends at the last box, which stays
        ("fcel fcel lcel <end>", [1, 2], [(0, 0), (1, 1)]),
        ("fcel lcel <unk> fcel nl <end>", [1, 3, 4], [(0, 2), (1, 1), (2, 2)]),
        ("fcel <end>", [], []),
        ("<end>", [], []),
        ("lcel lcel nl <end>", [0, 2], [(0, 1)]),
    ],
)
def test_boxes(script: str, steps: list[int], boxes: list[tuple[int, int]]) -> None:
    sequence, found = written(script)
    assert (found, list(sequence.boxes())) == (steps, boxes)
    assert sequence.count == len(steps)
    assert sequence.done
    assert kept(sequence) == f"<start> {script}"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("fcel xcel nl <end>", "fcel lcel nl <end>"),
        ("fcel nl fcel xcel nl xcel <end>", "fcel nl fcel lcel nl lcel <end>"),
        ("fcel nl ucel lcel lcel nl <end>", "fcel nl ucel fcel lcel nl <end>"),
        ("fcel nl ucel xcel nl <end>", "fcel nl ucel fcel nl <end>"),
        ("fcel <end> fcel nl", "fcel <end>"),
    ],
)
def test_tags_that_are_put_right(script: str, expected: str) -> None:
    assert kept(written(script)[0]) == f"<start> {expected}"


def test_a_table_ends_after_the_most_tags() -> None:
    sequence, steps = written("fcel " * (MAX_TAGS + 5))
    assert sequence.done
    assert len(sequence.tags) == 1 + MAX_TAGS
    assert len(steps) == MAX_TAGS - 1
    short, _ = written("fcel fcel fcel fcel", max_tags=3)
    assert kept(short) == "<start> fcel fcel fcel"


def test_the_client_leaves_out_the_last_tag_of_a_table_that_did_not_end() -> None:
    sequence, _ = written("fcel " * MAX_TAGS)
    ids = np.array(sequence.tags, np.int32)
    assert len(tableformer.tags_of(ids, len(ids))) == MAX_TAGS - 1
    ended, _ = written("fcel " * (MAX_TAGS - 1) + "<end>")
    assert len(tableformer.tags_of(np.array(ended.tags, np.int32), 1 + MAX_TAGS)) == MAX_TAGS - 1
