"""Annotations, form fields, bookmarks, destinations and actions that go round in circles."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import TEXT, Draft, reference, stream_object

__all__ = ["CASES"]


def _annotated(build: Callable[[Draft], bytes]) -> Callable[[Random], bytes]:
    """A page with this value of /Annots; `build` may add objects first."""

    def make(_: Random) -> bytes:
        draft = Draft()
        annotations = build(draft)
        draft.page(TEXT, extra=b"/Annots " + annotations)
        return draft.save()

    return make


def _annotation(body: bytes) -> Callable[[Random], bytes]:
    return _annotated(lambda _: b"[<< /Type /Annot " + body + b" >>]")


def _link(entries: bytes) -> Callable[[Random], bytes]:
    return _annotation(b"/Subtype /Link /Rect [72 690 300 720] " + entries)


def _catalog(build: Callable[[Draft], bytes]) -> Callable[[Random], bytes]:
    """A file with further entries of its catalog."""

    def make(_: Random) -> bytes:
        draft = Draft()
        draft.page()
        draft.catalog = build(draft)
        return draft.save()

    return make


def _fields(build: Callable[[Draft], list[int]], rest: bytes = b"") -> Callable[[Random], bytes]:
    """A form with these fields, which are annotations of the page too."""

    def make(_: Random) -> bytes:
        draft = Draft()
        numbers = b"[" + b" ".join(map(reference, build(draft))) + b"]"
        draft.catalog = b"/AcroForm << /Fields %s %s >>" % (numbers, rest)
        draft.page(TEXT, extra=b"/Annots " + numbers)
        return draft.save()

    return make


def _field(entries: bytes) -> Callable[[Random], bytes]:
    body = b"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [72 500 300 520] /F 4 %s >>" % entries
    return _fields(lambda draft: [draft.add(body)])


def _field_of_itself(draft: Draft) -> list[int]:
    field = draft.reserve()
    draft.put(
        field,
        b"<< /Subtype /Widget /FT /Tx /T (a) /Rect [72 500 300 520] /Parent %s /Kids [%s] >>"
        % (reference(field), reference(field)),
    )
    return [field]


def _deep_fields(draft: Draft) -> list[int]:
    first = field = draft.reserve()
    for number in range(5_000):
        child = draft.reserve()
        draft.put(field, b"<< /T (f%d) /Kids [%s] >>" % (number, reference(child)))
        field = child
    draft.put(field, b"<< /Subtype /Widget /FT /Tx /T (last) /Rect [72 500 300 520] >>")
    return [first]


def _many_fields(draft: Draft) -> list[int]:
    return [
        draft.add(
            b"<< /Subtype /Widget /FT /Tx /T (f%d) /V (v) /Rect [%d 9 %d 20] /F 4 >>"
            % (n, n % 600, n % 600 + 9)
        )
        for n in range(6_000)
    ]


def _look_of_itself(draft: Draft) -> bytes:
    look = draft.reserve()
    resources = b"/Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources << /XObject << /X %s >> >>"
    draft.put(look, stream_object(b"/X Do /X Do", resources % reference(look)))
    return b"[<< /Type /Annot /Subtype /Stamp /Rect [72 500 300 520] /AP << /N %s >> >>]" % reference(look)


def _popups(draft: Draft) -> bytes:
    one, two = draft.reserve(), draft.reserve()
    for each, other in ((one, two), (two, one)):
        draft.put(
            each,
            b"<< /Type /Annot /Subtype /Popup /Rect [9 9 99 99] /Parent %s /Popup %s /IRT %s >>"
            % (reference(other), reference(other), reference(other)),
        )
    return b"[" + reference(one) + b" " + reference(two) + b"]"


def _actions(draft: Draft) -> bytes:
    action = draft.reserve()
    draft.put(action, b"<< /S /URI /URI (http://example.org) /Next %s >>" % reference(action))
    return b"[<< /Type /Annot /Subtype /Link /Rect [72 690 300 720] /A %s >>]" % reference(action)


def _outline(build: Callable[[Draft, int], bytes]) -> Callable[[Random], bytes]:
    """Bookmarks; `build` is told the number of the outline and gives its body."""

    def outline(draft: Draft) -> bytes:
        root = draft.reserve()
        draft.put(root, build(draft, root))
        return b"/Outlines " + reference(root)

    return _catalog(outline)


def _bookmark(entries: bytes) -> Callable[[Draft, int], bytes]:
    """An outline of one bookmark, which has the number 6."""

    def build(draft: Draft, root: int) -> bytes:
        mark = draft.add(b"<< /Parent %s %s >>" % (reference(root), entries))
        return b"<< /First %s /Last %s /Count 1 >>" % (reference(mark), reference(mark))

    return build


def _siblings(draft: Draft, _: int) -> bytes:
    first = draft.reserve()
    for number in range(50_000):
        draft.put(first + number, b"<< /Title (%d) /Next %d 0 R >>" % (number, first + number + 1))
    return b"<< /First %s /Count 50000 >>" % reference(first)


def _deep_outline(draft: Draft, _: int) -> bytes:
    first = draft.reserve()
    for number in range(20_000):
        draft.put(first + number, b"<< /Title (%d) /First %d 0 R >>" % (number, first + number + 1))
    return b"<< /First %s >>" % reference(first)


def _name_tree(draft: Draft) -> bytes:
    tree = draft.reserve()
    draft.put(tree, b"<< /Limits [(a) (z)] /Kids [%s %s] >>" % (reference(tree), reference(tree)))
    root = draft.add(b"<< /First %d 0 R >>" % (tree + 2))
    draft.add(b"<< /Title (by name) /Dest (m) >>")
    return b"/Names << /Dests %s >> /Outlines %s" % (reference(tree), reference(root))


def _labels(draft: Draft) -> bytes:
    tree = draft.reserve()
    draft.put(tree, b"<< /Kids [%s] /Nums [0 << /S /D >> -5 << /S /r /St -7 >> (x) 5] >>" % reference(tree))
    return b"/PageLabels " + reference(tree)


def _structure(draft: Draft) -> bytes:
    root = draft.reserve()
    draft.put(
        root,
        b"<< /Type /StructTreeRoot /K [%s %s] /ParentTree %s >>"
        % (reference(root), reference(root), reference(root)),
    )
    return b"/MarkInfo << /Marked true >> /StructTreeRoot " + reference(root)


_WIDE = b"<< /Type /Annot /Subtype /Link /Rect [72 690 300 720] /A << /S /URI /URI (http://x.org) >> >>"
_ANNOTATIONS = {
    "annotations-a-number": _annotated(lambda _: b"7"),
    "annotations-are-the-page": _annotated(lambda _: b"4 0 R"),
    "annotations-of-numbers": _annotated(lambda _: b"[1 2 null (x) [] 99 0 R]"),
    "annotations-20000": _annotated(lambda _: b"[" + _WIDE * 20_000 + b"]"),
    "annotation-of-no-type": _annotation(b"/Rect [0 0 9 9]"),
    "annotation-of-unknown-type": _annotation(b"/Subtype /Hologram /Rect [0 0 9 9]"),
    "box-missing": _annotation(b"/Subtype /Link /A << /S /URI /URI (http://x.org) >>"),
    "box-of-nan": _annotation(b"/Subtype /Link /Rect [nan inf -inf 1e38] /A << /S /URI /URI (x) >>"),
    "corners-100000": _link(
        b"/QuadPoints [" + b"1 2 3 4 5 6 7 8 " * 100_000 + b"] /A << /S /URI /URI (x) >>"
    ),
    "corners-of-names": _link(b"/QuadPoints [/a /b] /A << /S /URI /URI (x) >>"),
    "address-a-megabyte": _link(b"/A << /S /URI /URI (http://x.org/" + b"a" * 1_000_000 + b") >>"),
    "address-not-text": _link(b"/A << /S /URI /URI (\xff\xfe\0\x80) >>"),
    "address-not-an-address": _link(b"/A << /S /URI /URI (http://[:::bad]:port/ path) >>"),
    "address-of-a-script": _link(b"/A << /S /JavaScript /JS (app.alert\\(1\\)) >>"),
    "action-launches": _link(b"/A << /S /Launch /F (/bin/sh) >>"),
    "action-of-itself": _annotated(_actions),
    "target-missing": _link(b"/Dest [99 0 R /XYZ 0 0 0]"),
    "target-a-number": _link(b"/Dest [2147483647 /Fit]"),
    "target-negative": _link(b"/Dest [-1 /Fit]"),
    "target-of-nothing": _link(b"/Dest (nowhere)"),
    "look-of-itself": _annotated(_look_of_itself),
    "look-a-number": _annotation(b"/Subtype /Stamp /Rect [0 0 99 99] /AP << /N 7 >>"),
    "popups-in-a-circle": _annotated(_popups),
    "borders-strange": _link(b"/Border [1e38 -1 (x) [1 2]] /C [9 9 9 9 9]"),
}
_FORMS = {
    "field-of-itself": _fields(_field_of_itself),
    "fields-deep": _fields(_deep_fields),
    "fields-6000": _fields(_many_fields),
    "fields-are-the-catalog": _catalog(lambda _: b"/AcroForm << /Fields [1 0 R] >>"),
    "form-is-the-catalog": _catalog(lambda _: b"/AcroForm 1 0 R"),
    "form-a-number": _catalog(lambda _: b"/AcroForm 17"),
    "value-a-megabyte": _field(b"/V (" + b"word " * 200_000 + b") /DA (/Helv 9 Tf)"),
    "value-a-circle": _field(b"/V 3 0 R"),
    "value-not-text": _field(b"/V <FEFFD800> /DA (garbage ( garbage) /MaxLen -5"),
    "value-looks-wrong": _field(b"/V (text) /DA (/Nowhere 1e38 Tf 0 0 0 0 rg)"),
    "options-100000": _field(b"/FT /Ch /Opt [" + b"(x) " * 100_000 + b"] /V (x)"),
    "options-strange": _field(b"/FT /Ch /Opt [[] [[]] 5 << >>] /I [99 -1] /TI 2147483647"),
    "kind-unknown": _field(b"/FT /Xx /V (text)"),
    "scripts": _field(b"/AA << /C << /S /JavaScript /JS (while\\(1\\);) >> >> /V (1)"),
    "xfa-garbage": _fields(_many_fields, b"/XFA [(template) 3 0 R (x)] /NeedAppearances true"),
    "opening-action-of-itself": _catalog(lambda _: b"/OpenAction 1 0 R"),
    "opening-script": _catalog(lambda _: b"/OpenAction << /S /JavaScript /JS (for\\(;;\\);) >>"),
}
_OUTLINES = {
    "outline-of-itself": _outline(
        lambda _, root: b"<< /First %s /Last %s >>" % (reference(root), reference(root))
    ),
    "bookmark-next-to-itself": _outline(_bookmark(b"/Title (again) /Next 6 0 R /Prev 6 0 R")),
    "bookmark-below-itself": _outline(_bookmark(b"/Title (again) /First 6 0 R /Last 6 0 R")),
    "bookmark-next-to-the-outline": _outline(_bookmark(b"/Title (again) /Next 5 0 R")),
    "bookmarks-50000": _outline(_siblings),
    "bookmarks-deep": _outline(_deep_outline),
    "bookmark-without-title": _outline(_bookmark(b"/Dest [4 0 R /Fit]")),
    "bookmark-title-a-megabyte": _outline(_bookmark(b"/Title (" + b"long " * 200_000 + b")")),
    "bookmark-title-not-text": _outline(_bookmark(b"/Title <FEFFD800D800DC00>")),
    "bookmark-title-a-number": _outline(_bookmark(b"/Title 42")),
    "bookmark-count-wrong": _outline(_bookmark(b"/Title (one) /Count -2147483648")),
    "bookmark-to-nowhere": _outline(_bookmark(b"/Title (lost) /Dest [99 0 R /XYZ nan nan 0]")),
    "outline-a-number": _catalog(lambda _: b"/Outlines 12"),
    "outline-is-the-catalog": _catalog(lambda _: b"/Outlines 1 0 R"),
    "name-tree-of-itself": _catalog(_name_tree),
    "page-labels-of-themselves": _catalog(_labels),
    "structure-of-itself": _catalog(_structure),
}

CASES: tuple[Case, ...] = (
    *cases("annotations", _ANNOTATIONS),
    *cases("form_fields", _FORMS),
    *cases("outlines", _OUTLINES),
)
