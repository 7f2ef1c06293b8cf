from __future__ import annotations

import gzip
from pathlib import Path

from benchmarks.pages.sources.blocks import (
    Code,
    Definitions,
    Heading,
    Item,
    ListBlock,
    Note,
    Paragraph,
    Run,
    Table,
)
from benchmarks.pages.sources.catalogue import Half, half_of, own_sources, packages, sources_in
from benchmarks.pages.sources.reading import read_blocks

PAGE = """<html><body><div class="navheader">Next Up</div><div class="section">
<h2>3.1. On <em>mills</em></h2><p>A mill  <b>grinds</b>
corn.</p><ul><li>stones<ol><li>upper</li></ol></li><li><p>sails</p></li></ul>
<pre>
  turn()
</pre><div class="note"><h3>Note</h3><p>Mind the sails.</p></div><blockquote><p>Grind on.</p></blockquote>
<dl><dt>hopper</dt><dd><p>what corn is put into</p></dd></dl>
<table><caption>Parts</caption><tr><th>part</th><th>made of</th></tr><tr><td>stone</td></tr></table>
</div></body></html>"""


def test_html_gives_its_blocks_without_menus_and_numbers(tmp_path: Path) -> None:
    page = tmp_path / "page.html.gz"
    page.write_bytes(gzip.compress(PAGE.encode()))
    assert read_blocks(page) == [
        Heading(2, "On mills"),
        Paragraph((Run("", "A mill "), Run("b", "grinds"), Run("", " corn."))),
        ListBlock(
            False,
            (
                Item((Run("", "stones"),), ListBlock(True, (Item((Run("", "upper"),)),))),
                Item((Run("", "sails"),)),
            ),
        ),
        Code("  turn()"),
        Note((Paragraph((Run("", "Mind the sails."),)),)),
        Paragraph((Run("", "Grind on."),), quoted=True),
        Definitions((("dt", (Run("", "hopper"),)), ("dd", (Run("", "what corn is put into"),)))),
        Table((("part", "made of"), ("stone", "")), "Parts"),
    ]


def test_markdown_gives_its_blocks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("---\ntitle: x\n---\n# Mills\n\nThey `turn`.\n\n```\nrun()\n```\n")
    assert read_blocks(page) == [
        Heading(1, "Mills"),
        Paragraph((Run("", "They "), Run("c", "turn"), Run("", "."))),
        Code("run()"),
    ]


def test_translations_are_of_one_half(tmp_path: Path) -> None:
    handbook = next(package for package in packages(["text"]) if package.name == "debian-handbook")
    for language in ("de-DE", "fr-FR"):
        folder = tmp_path / "usr/share/doc/debian-handbook/html" / language
        folder.mkdir(parents=True)
        (folder / "page.html").write_text("x" * 4000)
        (folder / "index.html").write_text("x" * 4000)
    found = sources_in(handbook, tmp_path)
    assert [source.name for source in found] == ["debian-handbook-de-DE", "debian-handbook-fr-FR"]
    assert {len(source.files) for source in found} == {1}
    assert {source.half for source in found} == {half_of("debian-handbook")}


def test_both_halves_have_sources() -> None:
    names = {package.name for package in packages(["text"])}
    assert {half_of(name) for name in names} == set(Half)


def test_own_texts_have_what_pages_are_made_of() -> None:
    kinds = {type(block) for source in own_sources() for path in source.files for block in read_blocks(path)}
    assert kinds == {Heading, Paragraph, ListBlock, Code, Table}
