"""The setters as programs: text in their language to a PDF."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Protocol

import typst

from benchmarks.pages.flow import Document
from benchmarks.pages.papers.setting import to_paper
from benchmarks.pages.setters.errors import SetterError, SetterMissingError
from benchmarks.pages.setters.hypertext import to_html
from benchmarks.pages.setters.latex_source import to_latex
from benchmarks.pages.setters.office_text import to_office
from benchmarks.pages.setters.office_tree import make_office_tree
from benchmarks.pages.setters.tex_tree import TexTree, make_tex_tree
from benchmarks.pages.setters.typst_markup import to_typst
from benchmarks.pages.sources.fetching import Fetched
from benchmarks.pages.styles import Style
from docmill.resources.local.errors import EnvironmentSetupError
from docmill.resources.local.virtual_environment import VirtualEnvironment, own_variables, stamp_of

__all__ = ["BY_NAME", "PAPERS", "SETTERS", "Setter", "Typst", "open_setters"]

_LIMIT_S = 90.0
_LOCK = Path(__file__).parent / "requirements.lock"
_WEASYPRINT_WORKER = Path(__file__).parent / "weasyprint_pages.py"
SETTERS = ("weasyprint", "chromium", "typst", "latex")
#: Sets papers alone, which the others do not.
PAPERS = "papers"
#: Those that one asks for: with them among the others the documents of a seed would be others.
BY_NAME = ("libreoffice",)


class Setter(Protocol):
    """Sets documents."""

    @property
    def latin_only(self) -> bool:
        """Whether other scripts are beyond it."""

    def set(self, document: Document, style: Style, random: Random, pdf: Path) -> None:
        """Write the PDF. Raises `SetterError`."""


@dataclass(frozen=True)
class Typst:
    """typst, in this process, with these folders of fonts beside its own."""

    fonts: tuple[Path, ...] = ()
    latin_only: bool = False

    def set(self, document: Document, style: Style, random: Random, pdf: Path) -> None:
        """Write the PDF."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder) / "page.typ"
            source.write_text(to_typst(document, style, random))
            try:
                # the system's fonts are others on every machine
                fonts = [str(path) for path in self.fonts]
                typst.compile(str(source), output=str(pdf), font_paths=fonts, ignore_system_fonts=True)
            except typst.TypstError as error:
                raise SetterError(str(error)) from error


@dataclass(frozen=True)
class Chromium:
    """A browser without a window; a process a document."""

    program: str
    variables: Mapping[str, str]
    latin_only: bool = False

    def set(self, document: Document, style: Style, random: Random, pdf: Path) -> None:
        """Write the PDF."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            page = folder / "page.html"
            page.write_text(to_html(document, style, random, footnotes=False))
            options = ("--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer")
            where = (f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={pdf}", str(page))
            _run([self.program, *options, *where], folder, self.variables)
        if not pdf.is_file():
            raise SetterError("chromium wrote nothing")


class WeasyPrint:
    """A process of the setters' environment that sets one document after another."""

    latin_only = False

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def set(self, document: Document, style: Style, random: Random, pdf: Path) -> None:
        """Write the PDF."""
        if self._process.stdin is None or self._process.stdout is None:
            raise SetterError("no process")
        with tempfile.NamedTemporaryFile("w", suffix=".html") as page:
            page.write(to_html(document, style, random, footnotes=True))
            page.flush()
            try:
                self._process.stdin.write(f"{page.name}\t{pdf}\n")
                self._process.stdin.flush()
                answer = self._process.stdout.readline().strip()
            except OSError as error:
                raise SetterError(f"WeasyPrint's process is gone: {error}") from error
        if answer != "ok":
            raise SetterError(answer or "WeasyPrint's process ended")


@dataclass(frozen=True)
class Latex:
    """pdfTeX; two runs, for pages of floats to settle."""

    tree: TexTree
    source: Callable[[Document, Style, Random], str] = to_latex
    latin_only: bool = True

    def set(self, document: Document, style: Style, random: Random, pdf: Path) -> None:
        """Write the PDF."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "page.tex").write_text(self.source(document, style, random))
            command = [str(self.tree.program), "-fmt=pdflatex", "-interaction=batchmode", "page.tex"]
            _run(command, folder, self.tree.variables, check=False)
            made, log = folder / "page.pdf", folder / "page.log"
            if not made.is_file():
                said = log.read_text("latin-1") if log.is_file() else ""
                raise SetterError(" ".join(said[said.find("\n!") + 1 :].split())[:300] or "no PDF")
            shutil.copy(made, pdf)


@dataclass(frozen=True)
class LibreOffice:
    """LibreOffice without a window; a process a document."""

    program: str
    profile: Path
    variables: Mapping[str, str]
    latin_only: bool = False

    def set(self, document: Document, style: Style, random: Random, pdf: Path) -> None:
        """Write the PDF."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "page.fodt").write_text(to_office(document, style, random))
            options = ("--headless", f"-env:UserInstallation={self.profile.as_uri()}")
            what = ("--convert-to", "pdf", "--outdir", str(folder), str(folder / "page.fodt"))
            _run([self.program, *options, *what], folder, self.variables)
            if not (folder / "page.pdf").is_file():
                raise SetterError("LibreOffice wrote nothing")
            shutil.copy(folder / "page.pdf", pdf)


def _run(command: list[str], folder: Path, variables: Mapping[str, str], *, check: bool = True) -> None:
    try:
        subprocess.run(command, cwd=folder, env=variables, capture_output=True, timeout=_LIMIT_S, check=check)
    except (OSError, subprocess.SubprocessError) as error:
        raise SetterError(str(error)[:200]) from error


@contextmanager
def open_setters(
    wanted: tuple[str, ...], fetched: Fetched, home: Path, report: Callable[[str], None]
) -> Iterator[dict[str, Setter]]:
    """Those of the wanted setters that can be had here; `report` is told of the others.

    Environments and trees are made in `home` when they are missing.
    """
    fonts = tuple(folder for package, folder in fetched.folders.items() if package.kind == "font")
    variables = _font_variables(fonts, home)
    with ExitStack() as stack:
        makers: dict[str, Callable[[], Setter]] = {
            "typst": lambda: Typst(fonts),
            "chromium": lambda: _chromium(variables),
            "weasyprint": lambda: _weasyprint(home, variables, report, stack),
            "latex": lambda: _latex(fetched, home),
            PAPERS: lambda: replace(_latex(fetched, home), source=to_paper),
            "libreoffice": lambda: _libreoffice(fetched, home, variables),
        }
        ready: dict[str, Setter] = {}
        for name in wanted:
            try:
                ready[name] = makers[name]()
            except (SetterMissingError, EnvironmentSetupError) as error:
                report(f"without {name}: {error}")
        yield ready


def _chromium(variables: Mapping[str, str]) -> Setter:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SetterMissingError("chromium is not on the path")
    return Chromium(program, variables)


def _weasyprint(
    home: Path, variables: Mapping[str, str], report: Callable[[str], None], stack: ExitStack
) -> Setter:
    environment = VirtualEnvironment(home / "setters" / "env")

    def make() -> None:
        report(f"making the setters' environment in {environment.folder}")
        environment.create(Path(sys.executable))
        environment.install_locked(_LOCK, "WeasyPrint")
        environment.check("import weasyprint")

    with environment.complete(stamp_of([_LOCK]), make):
        pass
    process = stack.enter_context(
        subprocess.Popen(
            [str(environment.python), str(_WEASYPRINT_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env=own_variables(environment.folder, variables),
        )
    )
    return WeasyPrint(process)


def _libreoffice(fetched: Fetched, home: Path, variables: Mapping[str, str]) -> Setter:
    profile = home / "office-profile"
    if program := shutil.which("soffice"):
        return LibreOffice(program, profile, variables)
    unpacked = [folder for package, folder in fetched.folders.items() if package.kind == "office"]
    missing = [package.name for package in fetched.missing if package.kind == "office"]
    if not unpacked or missing:
        raise SetterMissingError(f"not to be had: {', '.join(missing) or 'packages of LibreOffice'}")
    tree = make_office_tree(unpacked, home)
    return LibreOffice(str(tree.program), profile, tree.variables(variables))


def _latex(fetched: Fetched, home: Path) -> Latex:
    unpacked = [folder for package, folder in fetched.folders.items() if package.kind == "tex"]
    missing = [package.name for package in fetched.missing if package.kind == "tex"]
    if not unpacked or missing:
        raise SetterMissingError(f"not to be had: {', '.join(missing) or 'packages of TeX'}")
    return Latex(make_tex_tree(unpacked, home))


def _font_variables(fonts: tuple[Path, ...], home: Path) -> dict[str, str]:
    """The environment in which fontconfig finds these fonts too."""
    home.mkdir(parents=True, exist_ok=True)
    folders = "".join(f"<dir>{folder}</dir>" for folder in fonts)
    config = home / "fonts.conf"
    config.write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f'<include ignore_missing="yes">/etc/fonts/fonts.conf</include>{folders}'
        f"<cachedir>{home / 'fontconfig'}</cachedir></fontconfig>"
    )
    return {**os.environ, "FONTCONFIG_FILE": str(config)}
