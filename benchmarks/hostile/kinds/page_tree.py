"""Page trees that go round in circles, that are as deep as the file, or that count wrong."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, Draft, reference, stream_object

__all__ = ["CASES"]

_TEXT = b"BT /F1 12 Tf 72 700 Td (One page that is met again and again.) Tj ET\n"


def _tree(build: Callable[[Draft, int], bytes]) -> Callable[[Random], bytes]:
    """A file with one sound page; `build` is told its number and gives the body of the page tree."""

    def make(_: Random) -> bytes:
        draft = Draft()
        page = draft.page(_TEXT)
        draft.put(2, build(draft, page))
        return draft.save()

    return make


def _node(count: int, kids: bytes, rest: bytes = b"") -> bytes:
    return b"<< /Type /Pages /Count %d /Kids [%s] %s >>" % (count, kids, rest)


def _same(times: int, count: int | None = None) -> Callable[[Random], bytes]:
    """One page many times."""
    return _tree(lambda _, page: _node(times if count is None else count, (reference(page) + b" ") * times))


def _deep(levels: int) -> Callable[[Random], bytes]:
    def build(draft: Draft, page: int) -> bytes:
        for _ in range(levels):
            page = draft.add(_node(1, reference(page)))
        return _node(1, reference(page))

    return _tree(build)


def _doubling(levels: int, count: int) -> Callable[[Random], bytes]:
    """Every node has the same child twice."""

    def build(draft: Draft, page: int) -> bytes:
        for _ in range(levels):
            page = draft.add(_node(count, reference(page) + b" " + reference(page)))
        return _node(count, reference(page) + b" " + reference(page))

    return _tree(build)


def _page(body: bytes) -> Callable[[Random], bytes]:
    """A second page with this body."""

    def build(draft: Draft, page: int) -> bytes:
        return _node(2, reference(page) + b" " + reference(draft.add(body)))

    return _tree(build)


def _circle_of_nodes(draft: Draft, page: int) -> bytes:
    one, two = draft.reserve(), draft.reserve()
    draft.put(one, _node(5, reference(two)))
    draft.put(two, _node(5, reference(one) + b" " + reference(page)))
    return _node(5, reference(one))


def _many(count: int, body: bytes) -> Callable[[Random], bytes]:
    def build(draft: Draft, page: int) -> bytes:
        kids = b" ".join(reference(draft.add(body)) for _ in range(count))
        return _node(count + 1, reference(page) + b" " + kids)

    return _tree(build)


_SOUND = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 3 0 R /Resources << %s >> >>" % FONT

CASES: tuple[Case, ...] = cases(
    "page_tree",
    {
        "kids-are-the-tree": _tree(lambda *_: _node(3, b"2 0 R 2 0 R 2 0 R")),
        "kids-are-the-tree-and-a-page": _tree(lambda _, page: _node(2, b"2 0 R " + reference(page))),
        "kids-are-the-catalog": _tree(lambda *_: _node(1, b"1 0 R")),
        "kids-in-a-circle": _tree(_circle_of_nodes),
        "kids-missing": _tree(lambda *_: b"<< /Type /Pages /Count 1 >>"),
        "kids-null": _tree(lambda *_: _node(3, b"null null null")),
        "kids-of-numbers": _tree(lambda *_: _node(3, b"1 2 3")),
        "kids-a-dictionary": _tree(lambda *_: b"<< /Type /Pages /Count 1 /Kids << /A 4 0 R >> >>"),
        "kids-100000-missing": _tree(lambda *_: _node(100_000, b"99 0 R " * 100_000)),
        "kids-9000-missing": _tree(lambda *_: _node(9_000, b"99 0 R " * 9_000)),
        "count-too-high": _same(1, 50),
        "count-2-billion": _same(1, 2**31 - 1),
        "count-overflows": _same(1, 2**63),
        "count-negative": _same(3, -3),
        "count-zero": _same(3, 0),
        "count-too-low": _same(5, 1),
        "count-is-a-name": _tree(
            lambda _, page: b"<< /Type /Pages /Count /Many /Kids [%s] >>" % reference(page)
        ),
        "count-missing": _tree(lambda _, page: b"<< /Type /Pages /Kids [%s] >>" % reference(page)),
        "one-page-200-times": _same(200),
        "one-page-10001-times": _same(10_001),
        "one-page-a-million-times": _same(1_000_000),
        "deep-100": _deep(100),
        "deep-1100": _deep(1_100),
        "deep-10000": _deep(10_000),
        "doubling-6": _doubling(6, 128),
        "doubling-40": _doubling(40, 2**31 - 1),
        "tree-is-a-stream": _tree(lambda _, page: stream_object(b"", _node(1, reference(page))[2:-2])),
        "tree-of-no-type": _tree(lambda _, page: b"<< /Count 1 /Kids [%s] >>" % reference(page)),
        "tree-is-a-page": _tree(lambda *_: _SOUND),
        "page-null": _page(b"null"),
        "page-a-number": _page(b"7"),
        "page-an-array": _page(b"[" + _SOUND + b"]"),
        "page-a-stream": _page(stream_object(b"", _SOUND[2:-2])),
        "page-empty": _page(b"<< >>"),
        "page-of-no-type": _page(_SOUND.replace(b"/Type /Page ", b"")),
        "page-of-another-type": _page(_SOUND.replace(b"/Type /Page ", b"/Type /Catalog ")),
        "page-without-parent": _page(_SOUND.replace(b"/Parent 2 0 R", b"")),
        "page-its-own-parent": _page(_SOUND.replace(b"/Parent 2 0 R", b"/Parent 5 0 R")),
        "page-without-box": _page(_SOUND.replace(b"/MediaBox [0 0 612 792]", b"")),
        "page-without-resources": _page(b"<< /Type /Page /Parent 2 0 R /Contents 3 0 R >>"),
        "page-resources-a-circle": _page(_SOUND.replace(b"/Resources", b"/Resources 5 0 R /Was")),
        "pages-150-empty": _many(150, b"<< /Type /Page /Parent 2 0 R >>"),
        "pages-150-broken": _many(150, b"17"),
    },
)
