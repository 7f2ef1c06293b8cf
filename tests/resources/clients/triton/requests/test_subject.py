import pytest

from docmill.resources.clients.triton.requests.subject import Subject


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        (Subject(), "a request"),
        (Subject(document="a.pdf"), "a.pdf"),
        (Subject((3,)), "page 3"),
        (Subject((3,), "a.pdf"), "page 3 of a.pdf"),
        (Subject.of([3, 3, 4], "a.pdf"), "pages 3 and 4 of a.pdf"),
        (Subject.of(range(1, 5)), "pages 1, 2, 3 and 4"),
        (Subject.of(range(1, 9), "a.pdf"), "pages 1, 2, 3 and 5 more of a.pdf"),
    ],
)
def test_what_errors_say(subject: Subject, words: str) -> None:
    assert str(subject) == words
