"""Form XObjects, patterns, shadings and masks that draw themselves, or draw without end."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.hostile.case import Case, cases
from benchmarks.hostile.draft import FONT, TEXT, Draft, reference, stream_object

__all__ = ["CASES"]

_FORM = b"/Type /XObject /Subtype /Form /BBox [0 0 612 792]"
_SHOWN = TEXT + b"/X Do\n"


def _resources(number: int) -> bytes:
    return b"/Resources << %s /XObject << /X %s >> >>" % (FONT, reference(number))


def _form(build: Callable[[Draft], int], content: bytes = _SHOWN) -> Callable[[Random], bytes]:
    """A page that draws the form that `build` adds."""

    def make(_: Random) -> bytes:
        draft = Draft()
        form = build(draft)
        draft.page(content, FONT + b" /XObject << /X " + reference(form) + b" >>")
        return draft.save()

    return make


def _itself(content: bytes) -> Callable[[Random], bytes]:
    def build(draft: Draft) -> int:
        form = draft.reserve()
        return draft.put(form, stream_object(content, _FORM + _resources(form)))

    return _form(build)


def _each_other(draft: Draft) -> int:
    one, two = draft.reserve(), draft.reserve()
    draft.put(one, stream_object(_SHOWN, _FORM + _resources(two)))
    return draft.put(two, stream_object(_SHOWN, _FORM + _resources(one)))


def _tower(levels: int, content: bytes) -> Callable[[Random], bytes]:
    """Forms above each other, each of which draws the next as its content says."""

    def build(draft: Draft) -> int:
        form = draft.stream(TEXT, _FORM + b"/Resources << " + FONT + b" >>")
        for _ in range(levels):
            form = draft.stream(content, _FORM + _resources(form))
        return form

    return _form(build)


def _entries(entries: bytes, content: bytes = TEXT) -> Callable[[Random], bytes]:
    return _form(lambda draft: draft.stream(content, entries + b" /Resources << " + FONT + b" >>"))


def _pattern(
    entries: bytes, content: bytes = b"0 0 1 1 re f", scale: bytes = b"1 0 0 1 0 0"
) -> Callable[[Random], bytes]:
    """A page filled with a tiling pattern, which may use itself as P."""

    def make(_: Random) -> bytes:
        draft = Draft()
        pattern = draft.reserve()
        given = b"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 %s /Matrix [%s]" % (entries, scale)
        given += b" /Resources << /Pattern << /P %s >> >>" % reference(pattern)
        draft.put(pattern, stream_object(content, given))
        filled = TEXT + b"/Pattern cs /P scn 0 0 612 792 re f\n"
        draft.page(filled, FONT + b" /Pattern << /P " + reference(pattern) + b" >>")
        return draft.save()

    return make


def _shading(body: Callable[[Draft], int]) -> Callable[[Random], bytes]:
    def make(_: Random) -> bytes:
        draft = Draft()
        shading = body(draft)
        draft.page(TEXT + b"/S sh\n", FONT + b" /Shading << /S " + reference(shading) + b" >>")
        return draft.save()

    return make


def _axial(function: bytes, coordinates: bytes = b"0 0 612 792") -> Callable[[Random], bytes]:
    return _shading(
        lambda draft: draft.add(
            b"<< /ShadingType 2 /ColorSpace /DeviceRGB /Coords [%s] /Function %s /Extend [true true] >>"
            % (coordinates, function)
        )
    )


def _mesh(kind: int, data: bytes, entries: bytes = b"/BitsPerCoordinate 8") -> Callable[[Random], bytes]:
    given = (
        b"/ShadingType %d /ColorSpace /DeviceRGB /BitsPerComponent 8 /BitsPerFlag 8 %s"
        b" /Decode [0 612 0 792 0 1 0 1 0 1] /VerticesPerRow 2" % (kind, entries)
    )
    return _shading(lambda draft: draft.stream(data, given))


def _soft_mask_of_itself(_: Random) -> bytes:
    draft = Draft()
    form, state = draft.reserve(), draft.reserve()
    given = _FORM + b"/Group << /S /Transparency >> /Resources << /ExtGState << /G %s >> >>" % reference(
        state
    )
    draft.put(form, stream_object(b"/G gs 0 0 300 300 re f", given))
    draft.put(state, b"<< /SMask << /S /Luminosity /G %s >> >>" % reference(form))
    draft.page(TEXT + b"/G gs 0 0 300 300 re f", FONT + b" /ExtGState << /G " + reference(state) + b" >>")
    return draft.save()


def _groups(levels: int) -> Callable[[Random], bytes]:
    def build(draft: Draft) -> int:
        form = draft.stream(TEXT, _FORM + b"/Resources << " + FONT + b" >>")
        for _ in range(levels):
            group = b"/Group << /S /Transparency /I true /K true >>"
            form = draft.stream(b"/X Do", _FORM + group + _resources(form))
        return form

    return _form(build)


def _mesh_of_noise(rng: Random) -> bytes:
    kind = rng.choice((4, 5, 6, 7))
    return _mesh(kind, rng.randbytes(6000))(rng)


_TILE = b"/BBox [0 0 10 10] /XStep 10 /YStep 10"
CASES: tuple[Case, ...] = (
    *cases(
        "forms",
        {
            "draws-itself": _itself(_SHOWN),
            "draws-itself-twice": _itself(b"/X Do /X Do"),
            "draws-itself-shrinking": _itself(b"q .9 0 0 .9 5 5 cm /X Do Q " * 3),
            "draw-each-other": _form(_each_other),
            "tower-of-1000": _tower(1000, b"/X Do"),
            "tower-of-30-doubling": _tower(30, b"/X Do /X Do"),
            "tower-of-9-by-10": _tower(9, b"/X Do " * 10),
            "tower-of-5-by-10": _tower(5, b"/X Do " * 10),
            "box-missing": _entries(b"/Type /XObject /Subtype /Form"),
            "box-empty": _entries(b"/Type /XObject /Subtype /Form /BBox [0 0 0 0]"),
            "box-huge": _entries(b"/Type /XObject /Subtype /Form /BBox [-1e38 -1e38 1e38 1e38]"),
            "matrix-singular": _entries(_FORM + b" /Matrix [0 0 0 0 0 0]"),
            "matrix-huge": _entries(_FORM + b" /Matrix [1e30 1e30 1e30 1e30 1e30 1e30]"),
            "matrix-of-names": _entries(_FORM + b" /Matrix [/a /b /c /d /e /f]"),
            "of-unknown-subtype": _entries(b"/Type /XObject /Subtype /PS"),
            "drawn-100000-times": _form(
                lambda draft: draft.stream(b"0 0 1 1 re f", _FORM), TEXT + b"/X Do " * 100_000
            ),
            "groups-of-40": _groups(40),
            "groups-of-400": _groups(400),
            "soft-mask-of-itself": _soft_mask_of_itself,
            "pattern-of-itself": _pattern(_TILE, b"/Pattern cs /P scn 0 0 10 10 re f"),
            "pattern-tiny-steps": _pattern(b"/BBox [0 0 10 10] /XStep 0.0001 /YStep 0.0001"),
            "pattern-steps-zero": _pattern(b"/BBox [0 0 10 10] /XStep 0 /YStep 0"),
            "pattern-steps-negative": _pattern(b"/BBox [0 0 10 10] /XStep -1 /YStep -1"),
            "pattern-box-huge": _pattern(b"/BBox [0 0 1e9 1e9] /XStep 1 /YStep 1"),
            "pattern-tiny-matrix": _pattern(_TILE, scale=b"1e-6 0 0 1e-6 0 0"),
            "pattern-huge-matrix": _pattern(_TILE, scale=b"1e12 0 0 1e12 0 0"),
            "shading-without-function": _axial(b"null"),
            "shading-function-of-the-page": _axial(b"4 0 R"),
            "shading-points-equal": _axial(
                b"<< /FunctionType 2 /N 1 /Domain [0 1] /C0 [0 0 0] /C1 [1 1 1] >>", b"1 1 1 1"
            ),
            "shading-exponent-huge": _axial(
                b"<< /FunctionType 2 /N 1e30 /Domain [0 1] /C0 [0 0 0] /C1 [1 1 1] >>"
            ),
            "shading-coordinates-huge": _axial(
                b"<< /FunctionType 2 /N 1 /Domain [0 1] /C0 [0 0 0] /C1 [1 1 1] >>", b"-1e38 0 1e38 1e38"
            ),
            "shading-samples-huge": _shading(
                lambda draft: draft.add(
                    b"<< /ShadingType 1 /ColorSpace /DeviceRGB /Function %s >>"
                    % reference(
                        draft.stream(
                            b"abc",
                            b"/FunctionType 0 /Domain [0 1 0 1] /Range [0 1 0 1 0 1]"
                            b" /Size [2147483647 2147483647] /BitsPerSample 32",
                        )
                    )
                )
            ),
            "mesh-lattice-of-a-billion": _mesh(
                5, bytes(5000), b"/BitsPerCoordinate 8 /VerticesPerRow 1000000000"
            ),
            "mesh-bits-strange": _mesh(4, bytes(5000), b"/BitsPerCoordinate 77"),
            "mesh-patches-100000": _mesh(7, bytes(3_000_000)),
        },
    ),
    *cases("forms", {"mesh-of-noise": _mesh_of_noise}, repeats=True),
)
