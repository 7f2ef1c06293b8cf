"""Opening, limits, rendering, outline and metadata of PDFs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pikepdf
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
import pytest
from pikepdf import Dictionary, Name, OutlineItem

from docmill.pipeline.convert.errors import (
    CertificateEncryptedError,
    CorruptPdfError,
    DocumentCrashedError,
    DocumentError,
    EmptyPdfError,
    EncryptedPdfError,
    NotAPdfError,
    PageError,
    PageTooLargeError,
    SourceMissingError,
    TooManyBytesError,
    TooManyPagesError,
    WrongPasswordError,
)
from docmill.pipeline.convert.pdf.pdf import Pdf, PdfLimits
from docmill.pipeline.convert.types import Box, OutlineEntry
from tests.convert.pdf_builder import Builder, text

SAMPLES = Path(__file__).parents[2] / "samples"
BLACK_SQUARE = "0 g 100 600 50 50 re f\n"


def one_page(path: Path, content: str = BLACK_SQUARE, **page: object) -> Path:
    builder = Builder()
    builder.page(content, **page)  # type: ignore[arg-type]  # the keywords of `page`
    return builder.save(path / "one.pdf")


def test_size_is_the_crop_box_as_displayed(tmp_path: Path) -> None:
    path = one_page(tmp_path, crop=(10, 20, 410, 320), rotate=90)
    with Pdf.open(path) as pdf:
        assert pdf.page_count == 1
        assert pdf.page_size(1) == (300.0, 400.0)


def test_crop_box_is_cut_to_the_media_box(tmp_path: Path) -> None:
    with Pdf.open(one_page(tmp_path, crop=(-100, 92, 1000, 2000))) as pdf:
        assert pdf.page_size(1) == (612.0, 700.0)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_render_shows_what_the_frame_says(tmp_path: Path, rotate: int) -> None:
    with Pdf.open(one_page(tmp_path, crop=(50, 40, 600, 780), rotate=rotate)) as pdf:
        image = pdf.render(1, 2.0)
        box = pdf.frame(1).box(100, 600, 150, 650)
    assert image.dtype == np.uint8
    assert image.shape == ((1480, 1100, 3) if rotate in (0, 180) else (1100, 1480, 3))
    dark = np.argwhere(image[:, :, 0] < 128)
    top, left = dark.min(axis=0)
    bottom, right = dark.max(axis=0) + 1
    assert np.allclose([left, top, right, bottom], [2 * v for v in (box.l, box.t, box.r, box.b)], atol=1)


def test_render_of_a_box_equals_that_part_of_the_page(tmp_path: Path) -> None:
    with Pdf.open(one_page(tmp_path)) as pdf:
        whole = pdf.render(1, 2.0)
        part = pdf.render(1, 2.0, box=Box(90, 130, 190, 210))
    assert part.shape == (160, 200, 3)
    assert np.array_equal(part, whole[260:420, 180:380])


def test_render_is_rgb_on_white(tmp_path: Path) -> None:
    with Pdf.open(one_page(tmp_path, "1 0 0 rg 0 0 306 792 re f")) as pdf:
        image = pdf.render(1, 0.5)
    assert image[100, 10].tolist() == [255, 0, 0]
    assert image[100, 300].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    "name", ["annual_report", "financial_statement", "form", "scanned", "two_column_paper"]
)
def test_render_is_what_pdfium_draws_in_three_bytes_a_pixel(name: str) -> None:
    path = SAMPLES / f"{name}.pdf"
    with Pdf.open(path) as pdf, pdfium.PdfDocument(path) as plain:
        plain.init_forms()
        drawn = plain[0].render(scale=1.5, force_bitmap_format=pdfium_c.FPDFBitmap_BGR, rev_byteorder=True)
        assert np.array_equal(pdf.render(1, 1.5), drawn.to_numpy())


def test_a_page_over_the_pixel_limit_is_rendered_smaller(tmp_path: Path) -> None:
    with Pdf.open(one_page(tmp_path), limits=PdfLimits(max_page_pixels=10_000)) as pdf:
        height, width, _ = pdf.render(1, 4.0).shape
    assert 8_000 < height * width <= 10_300
    assert height / width == pytest.approx(792 / 612, abs=0.02)


def test_a_page_far_over_the_pixel_limit_is_refused(tmp_path: Path) -> None:
    path = one_page(tmp_path, size=(0, 0, 14_400, 14_400))
    with (
        Pdf.open(path, limits=PdfLimits(max_page_pixels=10_000)) as pdf,
        pytest.raises(PageTooLargeError) as error,
    ):
        pdf.render(1, 1.0)
    assert error.value.page == 1


def test_a_box_outside_the_page_renders_its_edge(tmp_path: Path) -> None:
    with Pdf.open(one_page(tmp_path)) as pdf:
        assert pdf.render(1, 1.0, box=Box(700, 900, 800, 1000)).shape == (1, 1, 3)


@pytest.mark.parametrize("scale", [0.0, -1.0, float("nan"), float("inf")])
def test_a_senseless_scale_is_the_caller_s_mistake(tmp_path: Path, scale: float) -> None:
    with Pdf.open(one_page(tmp_path)) as pdf, pytest.raises(ValueError, match="scale"):
        pdf.render(1, scale)


def test_encrypted_files(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(text(72, 700, "secret"))
    path = builder.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="geheim"))
    with pytest.raises(EncryptedPdfError, match="needs a password"):
        Pdf.open(path)
    with pytest.raises(WrongPasswordError):
        Pdf.open(path, password="falsch")
    with Pdf.open(path, password="geheim") as pdf:
        assert pdf.page_count == 1


def test_a_file_for_holders_of_certificates_needs_no_password(tmp_path: Path) -> None:
    builder = Builder()
    builder.page(text(72, 700, "secret"))
    path = builder.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="o", user="geheim"))
    # its length stays, and with it the cross-reference table
    standard, public = b"/Filter /Standard", b"/Filter /PubSec  "
    assert standard in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(standard, public))
    for password in (None, "geheim"):
        with pytest.raises(CertificateEncryptedError, match="certificates") as error:
            Pdf.open(path, password=password)
        assert "No password opens it" in error.value.remedy


def test_damaged_files_are_mended_by_what_mends_most() -> None:
    for error in (CorruptPdfError, DocumentCrashedError):
        assert 0 < error.remedy.index("mutool clean") < error.remedy.index("qpdf")


@pytest.mark.parametrize("password", [None, "", "o", "another file's"])
@pytest.mark.parametrize("revision", [4, 6])
def test_a_file_with_only_an_owner_password_opens(
    tmp_path: Path, password: str | None, revision: Literal[4, 6]
) -> None:
    builder = Builder()
    builder.page()
    lock = pikepdf.Encryption(owner="o", user="", R=revision)
    path = builder.save(tmp_path / "owner.pdf", encryption=lock)
    with Pdf.open(path, password=password) as pdf:
        assert pdf.page_count == 1


def test_a_file_without_a_password_opens_with_one(tmp_path: Path) -> None:
    with Pdf.open(one_page(tmp_path), password="another file's") as pdf:
        assert pdf.page_count == 1


@pytest.mark.parametrize(
    ("content", "error", "words"),
    [
        (b"", NotAPdfError, "empty"),
        (b"<!DOCTYPE html><html></html>", NotAPdfError, "DOCTYPE"),
        (b"x" * 2000 + b"%PDF-1.7", NotAPdfError, "header"),
        (b"%PDF-1.7\ngarbage without any object", CorruptPdfError, "not a readable PDF"),
        (b"1 0 obj\n<</Type/Catalog>>\nendobj", CorruptPdfError, "no %PDF header"),
    ],
)
def test_files_that_are_no_pdf(
    tmp_path: Path, content: bytes, error: type[DocumentError], words: str
) -> None:
    path = tmp_path / "file.pdf"
    path.write_bytes(content)
    with pytest.raises(error, match=words):
        Pdf.open(path)


@pytest.mark.parametrize("header", [b"%PDF1.4", b"%PDF 1.4", b"%PDF-1."])
def test_odd_headers_are_allowed(tmp_path: Path, header: bytes) -> None:
    path = one_page(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(header + whole[whole.index(b"\n") :])
    with Pdf.open(path) as pdf:
        assert pdf.page_count == 1


def test_garbage_before_the_header_is_allowed(tmp_path: Path) -> None:
    path = one_page(tmp_path)
    path.write_bytes(b"mail header\r\n" * 20 + path.read_bytes())
    with Pdf.open(path) as pdf:
        assert pdf.page_count == 1


def test_truncated_file_is_corrupt_or_opens_but_never_raises_otherwise(tmp_path: Path) -> None:
    path = one_page(tmp_path)
    whole = path.read_bytes()
    outcomes = set()
    for part in range(50, len(whole), max(1, len(whole) // 40)):
        path.write_bytes(whole[:part])
        try:
            with Pdf.open(path) as pdf:
                pdf.page_size(1)
            outcomes.add("opened")
        except DocumentError as error:
            outcomes.add(error.reason)
    assert "corrupt" in outcomes
    assert outcomes <= {"corrupt", "opened", "no_pages", "page_failed"}


def test_no_pages(tmp_path: Path) -> None:
    with pytest.raises(EmptyPdfError):
        Pdf.open(Builder().save(tmp_path / "none.pdf"))


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(SourceMissingError, match="not there any more"):
        Pdf.open(tmp_path / "gone.pdf")
    with pytest.raises(NotAPdfError):
        Pdf.open(tmp_path)


def test_limits(tmp_path: Path) -> None:
    builder = Builder()
    for _ in range(3):
        builder.page()
    path = builder.save(tmp_path / "three.pdf")
    with pytest.raises(TooManyPagesError, match="3 pages; the limit is 2"):
        Pdf.open(path, limits=PdfLimits(max_pages=2))
    with pytest.raises(TooManyBytesError, match="the limit is 100"):
        Pdf.open(path, limits=PdfLimits(max_bytes=100))


def test_one_broken_page_is_a_page_error(tmp_path: Path) -> None:
    builder = Builder()
    for _ in range(3):
        builder.page()
    builder.pdf.Root.Pages.Kids[1] = builder.pdf.make_indirect(Dictionary(Type=Name.Font))
    with Pdf.open(builder.save(tmp_path / "broken.pdf")) as pdf:
        assert pdf.page_size(3) == (612.0, 792.0)
        with pytest.raises(PageError) as error:
            pdf.page_size(2)
        assert error.value.page == 2


@pytest.mark.parametrize("number", [-1, 0, 2])
def test_a_page_that_does_not_exist(tmp_path: Path, number: int) -> None:
    with Pdf.open(one_page(tmp_path)) as pdf, pytest.raises(PageError):
        pdf.page(number)


def test_name_of_any_script(tmp_path: Path) -> None:
    path = one_page(tmp_path).rename(tmp_path / "résumé 報告 تقرير.pdf")
    with Pdf.open(path) as pdf:
        assert pdf.page_count == 1


def test_outline_has_levels_and_pages(tmp_path: Path) -> None:
    builder = Builder()
    builder.page()
    builder.page()
    with builder.pdf.open_outline() as outline:
        chapter = OutlineItem("Eins —  ein", 0)
        chapter.children.append(OutlineItem("Unter", 1))
        outline.root.extend([chapter, OutlineItem("Zwei", 1)])
    with Pdf.open(builder.save(tmp_path / "outline.pdf")) as pdf:
        assert pdf.outline() == [
            OutlineEntry("Eins — ein", 1, 1),
            OutlineEntry("Unter", 2, 2),
            OutlineEntry("Zwei", 1, 2),
        ]


def test_outline_cycles_end(tmp_path: Path) -> None:
    builder = Builder()
    builder.page()
    one = builder.pdf.make_indirect(Dictionary(Title="one"))
    two = builder.pdf.make_indirect(Dictionary(Title="two"))
    one.Next, two.Next, two.First = two, one, one
    builder.pdf.Root.Outlines = builder.pdf.make_indirect(Dictionary(Type=Name.Outlines, First=one, Last=two))
    one.Parent = two.Parent = builder.pdf.Root.Outlines
    with Pdf.open(builder.save(tmp_path / "cycle.pdf")) as pdf:
        assert [entry.title for entry in pdf.outline()] == ["one", "two"]


def test_metadata(tmp_path: Path) -> None:
    builder = Builder()
    builder.page()
    builder.pdf.docinfo["/Title"] = "Bericht über Zahlen"
    builder.pdf.docinfo["/Author"] = ""
    with Pdf.open(builder.save(tmp_path / "meta.pdf")) as pdf:
        metadata = pdf.metadata()
    assert metadata["Title"] == "Bericht über Zahlen"
    assert "Author" not in metadata


def test_metadata_that_is_no_text_becomes_text(tmp_path: Path) -> None:
    builder = Builder()
    builder.page()
    builder.pdf.docinfo["/Title"] = pikepdf.String(b"\xfe\xff\xd8\x00\x00A\xdc\x00")
    builder.pdf.docinfo["/Subject"] = "word " * 100_000
    with Pdf.open(builder.save(tmp_path / "meta.pdf")) as pdf:
        metadata = pdf.metadata()
    assert metadata["Title"] == "\ufffdA\ufffd"
    assert metadata["Subject"].startswith("word word")
    assert len(metadata["Subject"]) == 1 << 15


def test_a_long_bookmark_is_cut_and_not_lost(tmp_path: Path) -> None:
    builder = Builder()
    builder.page()
    with builder.pdf.open_outline() as outline:
        outline.root.append(OutlineItem("long " * 10_000, 0))
    with Pdf.open(builder.save(tmp_path / "long.pdf")) as pdf:
        [entry] = pdf.outline()
    assert entry.title.startswith("long long")
    assert len(entry.title) < 5_000


def test_close_twice(tmp_path: Path) -> None:
    pdf = Pdf.open(one_page(tmp_path))
    pdf.render(1, 0.1)
    pdf.close()
    pdf.close()
