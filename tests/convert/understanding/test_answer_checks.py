"""Answers that cannot be used, told from those that can."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.errors import (
    AnswerEmptyError,
    AnswerLoopError,
    AnswerTruncatedError,
    AnswerUnparsableError,
    NotUnderstoodError,
    PromptRefusedError,
    ServerFailedError,
    TagsStrippedError,
)
from docmill.pipeline.convert.understanding.answer_checks import check_answer, is_looping
from tests.tiny_vlm.lessons import kept_lessons

GOOD = "<doctag><text><loc_1><loc_2><loc_3><loc_4>Calm sea.</text>\n"
BIG_EMPTY_TABLE = (
    "<doctag><otsl><loc_1><loc_2><loc_3><loc_4>" + ("<ecel>" * 6 + "<nl>") * 200 + "<fcel>x<nl></otsl>"
)
SHIFTING = "".join(
    f"<text><loc_{n}><loc_{n}><loc_9><loc_9>the sea was calm again</text>\n" for n in range(60)
)


@pytest.mark.parametrize(
    ("text", "finish", "kind"),
    [
        (GOOD, "length", AnswerTruncatedError),
        (GOOD, None, ServerFailedError),
        (GOOD, "abort", ServerFailedError),
        (GOOD, "content_filter", PromptRefusedError),
        ("", "stop", AnswerEmptyError),
        ("<doctag>\n", "stop", AnswerEmptyError),
        ("<doctag><text><loc_1><loc_2><loc_3><loc_4></text>", "stop", AnswerEmptyError),
        ("Calm sea.", "stop", TagsStrippedError),
        ("<p>Calm sea.</p>", "stop", AnswerUnparsableError),
        (GOOD + "<text><loc_1>The light was", "stop", AnswerUnparsableError),
        ("<doctag>" + SHIFTING, "length", AnswerLoopError),
        ("<doctag><text>" + "the sea was calm and " * 60, "length", AnswerLoopError),
        (
            "<doctag><text>Then " + "the keeper went up the stairs of the tower with a lamp, " * 40,
            "stop",
            AnswerLoopError,
        ),
    ],
)
def test_what_is_wrong_has_a_type(text: str, finish: str | None, kind: type[NotUnderstoodError]) -> None:
    with pytest.raises(NotUnderstoodError) as caught:
        check_answer(text, finish, "doctags", page=7)
    assert type(caught.value) is kind
    assert caught.value.page == 7 and "page 7" in caught.value.message


@pytest.mark.parametrize(
    "text",
    [GOOD, BIG_EMPTY_TABLE, "<doctag><picture><loc_1><loc_2><loc_3><loc_4></picture>"],
)
def test_what_is_unusual_may_be_right(text: str) -> None:
    check_answer(text, "stop", "doctags", page=1)


def test_every_right_lesson_is_a_right_answer() -> None:
    lessons = [lesson for lesson in kept_lessons() if lesson.answer.endswith("</doctag>")]
    assert len(lessons) > 8
    for lesson in lessons:
        check_answer(lesson.answer.removesuffix("</doctag>"), "stop", "doctags", page=lesson.page)


def test_markdown_and_descriptions_need_no_tags() -> None:
    check_answer("# Day 2\n\n|a|b|\n|-|-|\n|1|2|", "stop", "markdown", page=1)
    check_answer("Five wind turbines.", "stop", "text", page=1)
    with pytest.raises(AnswerEmptyError):
        check_answer(" \n", "stop", "text", page=1)


def test_a_loop_is_seen_while_it_grows() -> None:
    answer, seen = "<doctag><text>Once upon a time. ", 0
    while not is_looping(answer):
        answer += "And then it began again. "
        seen += 1
        assert seen < 60
    assert seen >= 12
