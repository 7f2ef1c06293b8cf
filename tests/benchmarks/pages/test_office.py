"""Documents as OpenDocument text, and LibreOffice put together from packages."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from xml.etree import ElementTree

import pytest

from benchmarks.pages.composing import compose, sample
from benchmarks.pages.marks import Marks, Role, number_of
from benchmarks.pages.setters.errors import SetterMissingError
from benchmarks.pages.setters.office_text import to_office
from benchmarks.pages.setters.office_tree import make_office_tree
from benchmarks.pages.sources.catalogue import own_sources
from benchmarks.pages.styles import draw_style

_COLOUR = re.compile(r'style:name="(c\d+\w?)"[^>]*><style:text-properties fo:color="#(\w\w)(\w\w)(\w\w)"')


@pytest.mark.parametrize("seed", range(6))
def test_each_mark_has_its_colour(seed: int) -> None:
    random, marks = Random(seed), Marks()
    source = own_sources()[seed % 5]
    style = draw_style(random)
    document = compose(sample(source, random, 500), "en", style, random, marks)
    made = to_office(document, style, random)
    ElementTree.fromstring(made.encode())
    colours = {name: number_of(*(int(part, 16) for part in rest)) for name, *rest in _COLOUR.findall(made)}
    for name, number in colours.items():
        assert re.fullmatch(rf"c{number}[bic]?", name)
    used = set(colours.values())
    unset = {Role.SIDE, Role.LINE_NUMBER, Role.HEADER, Role.FOOTER}
    assert {
        number for number, mark in marks.known.items() if mark.cell is None and mark.role not in unset
    } - used <= {number for number, mark in marks.known.items() if mark.role in {Role.TABLE, Role.PICTURE}}


def test_a_tree_of_packages(tmp_path: Path) -> None:
    package = tmp_path / "package"
    program = package / "usr/lib/libreoffice/program"
    registry = package / "usr/lib/libreoffice/share/.registry"
    for folder in (program, registry):
        folder.mkdir(parents=True)
    (program / "soffice.bin").write_text("program")
    (program / "fundamentalrc").write_text("A=file:///usr/lib/libreoffice B=file:///etc/libreoffice/registry")
    (registry / "main.xcd").write_text("settings")
    tree = make_office_tree([package], tmp_path / "home")
    settings = (tree.folder / "usr/lib/libreoffice/program/fundamentalrc").read_text()
    assert settings == (
        f"A={(tree.folder / 'usr/lib/libreoffice').as_uri()} "
        f"B={(tree.folder / 'usr/lib/libreoffice/share/registry').as_uri()}"
    )
    assert (tree.folder / "usr/lib/libreoffice/share/registry/main.xcd").is_file()
    assert "file:///usr/lib" in (program / "fundamentalrc").read_text()
    assert tree.variables({})["LD_LIBRARY_PATH"].startswith(str(tree.program.parent))


def test_packages_without_it(tmp_path: Path) -> None:
    with pytest.raises(SetterMissingError):
        make_office_tree([tmp_path], tmp_path / "home")
