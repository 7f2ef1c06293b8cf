"""Lines joined to text: hyphens that words have, and those of the line's end; Chinese and Japanese."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.joining.hyphens import Vocabulary
from docmill.pipeline.convert.joining.lines import UNSETTLED, join_lines, joined, settled

ENGLISH = "the end of the day and the start of it"


def join(*lines: str, seen: str = ENGLISH) -> str:
    vocabulary = Vocabulary()
    vocabulary.add([*seen.split("\n"), *lines])
    return join_lines(lines, vocabulary)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("the number 2024-", "0151 of"), "the number 2024-0151 of"),
        (("from 2019-", "2021"), "from 2019-2021"),
        (("pages 12\u2013", "19 of it"), "pages 12-19 of it"),
        (("the model K210-", "A of the"), "the model K210-A of the"),
        (("call 0151-", "555-1234"), "call 0151-555-1234"),
        (("COVID-", "19 cases"), "COVID-19 cases"),
        (("with n-", "butanol"), "with n-butanol"),
        (("an X-", "ray of"), "an X-ray of"),
        (("much vitamin-", "C in it"), "much vitamin-C in it"),
        (("a PDF-", "based form"), "a PDF-based form"),
        (("all non-", "European states"), "all non-European states"),
        (("Jean-", "Pierre came"), "Jean-Pierre came"),
        (("on a CD-", "ROM it came"), "on a CD-ROM it came"),
        (("a non-", "profit body"), "a non-profit body"),
        (("the long-", "term plan of the"), "the long-term plan of the"),
        (("peer-", "reviewed papers"), "peer-reviewed papers"),
        (("the state-of-the-", "art one"), "the state-of-the-art one"),
        (("an up-", "to-date list"), "an up-to-date list"),
        (("the so-", "called end"), "the so-called end"),
        (("the vice-", "president of"), "the vice-president of"),
        (("a twenty-", "year-old friend of forty-", "two"), "a twenty-year-old friend of forty-two"),
        (("Tag-", "und Nachtgleiche"), "Tag- und Nachtgleiche"),
        (("a long-", "and a short one, long-", "or short"), "a long- and a short one, long- or short"),
        (("see https://example.org/long-", "path here"), "see https://example.org/long-path here"),
        (("write to jane-", "doe@example.org"), "write to jane-doe@example.org"),
        (("poly-", "(vinyl chloride)"), "poly-(vinyl chloride)"),
        (("one (small)-", "scale test"), "one (small)-scale test"),
        (("a dash\u2014", "and more"), "a dash-and more"),
        (("a dash -", "and more"), "a dash - and more"),
        (("-", "item"), "- item"),
        (("שלום-", "עליכם"), "שלום-עליכם"),
    ],
)
def test_hyphens_that_words_have_stay(lines: tuple[str, ...], text: str) -> None:
    assert join(*lines) == text


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("some infor-", "mation here"), "some information here"),
        (("the al-", "gorithm of"), "the algorithm of"),
        (("for ex-", "ample this"), "for example this"),
        (("the vice-", "roy of"), "the viceroy of"),
        (("to pre-", "sent a re-", "port"), "to present a report"),
        (("that non-", "sense of"), "that nonsense of"),
        (("the short-", "age of long-", "er lines"), "the shortage of longer lines"),
        (("the cor-", "related end"), "the correlated end"),
        (("an un-", "known end"), "an unknown end"),
        (("INTRO-", "DUCTION"), "INTRODUCTION"),
        (("SEC-", "TION TWO"), "SECTION TWO"),
        (("Smith: A TEST CALIBRA-", "TION OF IT"), "Smith: A TEST CALIBRATION OF IT"),
        (("die Bundes-", "regierung hat"), "die Bundesregierung hat"),
        (("het be-", "stuur van"), "het bestuur van"),
        (("naïve dé-", "marche"), "naïve démarche"),
        (("the soft long\u00ad", "term"), "the soft longterm"),
        (("over-", "view of the view over it"), "overview of the view over it"),
    ],
)
def test_hyphens_of_the_lines_end_go(lines: tuple[str, ...], text: str) -> None:
    assert join(*lines) == text


def test_how_the_document_writes_the_word_decides() -> None:
    assert join("the data-", "driven", seen=f"{ENGLISH}\na datadriven one") == "the datadriven"
    assert join("the co-", "operation", seen=f"{ENGLISH}\nall co-operation was") == "the co-operation"
    assert join("a web-", "site", seen=f"{ENGLISH}\nWeb-site or Web-site or website") == "a web-site"
    assert join("student-", "centered", seen=f"{ENGLISH}\nEach student was centered") == "student-centered"
    # words of another language tell nothing, nor do nouns that it writes with a capital
    assert join("der Welt-", "krieg", seen="die Welt und der Krieg") == "der Weltkrieg"
    assert join("arbets-", "marknad", seen="arbets marknad") == "arbetsmarknad"


def test_a_cut_word_is_not_taken_for_one_of_the_document() -> None:
    lines = ("a walk-", "about and a walk-", "about")
    vocabulary = Vocabulary()
    vocabulary.add([ENGLISH, *lines])
    assert not vocabulary.has("about")
    assert join_lines(lines, vocabulary) == "a walkabout and a walkabout"


def test_documents_that_break_no_words_keep_all_their_hyphens() -> None:
    vocabulary = Vocabulary()
    vocabulary.add(["this is a line of the plain prose that breaks no words"] * 150)
    assert join_lines(("a walk-", "about"), vocabulary) == "a walk-about"
    vocabulary.add(["this is another line of the prose and is hyphen-", "ated as many lines of it are"] * 3)
    assert join_lines(("a walk-", "about"), vocabulary) == "a walkabout"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (("已经读过文件，", "因此只提出"), "已经读过文件，因此只提出"),
        (("委员会采取", "了措施"), "委员会采取了措施"),
        (("データを処", "理する"), "データを処理する"),
        (("カタ", "カナ"), "カタカナ"),
        (("会议于", "2024年召开"), "会议于2024年召开"),
        (("使用Word和", "Excel软件"), "使用Word和Excel软件"),
        (("使用 Word 和", "Excel 软件"), "使用 Word 和 Excel 软件"),
        (("会议（", "Board of", "Directors）通过"), "会议（Board of Directors）通过"),
        (("他说", '"好"'), '他说"好"'),
        (("위원회는 보고서를", "읽었다"), "위원회는 보고서를 읽었다"),
        (("大韓民國의 憲法", "第一條 대한민국은 공화국이다"), "大韓民國의 憲法 第一條 대한민국은 공화국이다"),
        (("plain text", "of two lines"), "plain text of two lines"),
        (("Привет", "мир"), "Привет мир"),
    ],
)
def test_chinese_and_japanese_lines_close_up(lines: tuple[str, ...], text: str) -> None:
    assert join(*lines) == text


def test_a_hyphen_waits_for_the_rest_of_the_document() -> None:
    text = joined(["the walk-", "about"])
    assert text == f"the walk{UNSETTLED}about"
    vocabulary = Vocabulary()
    vocabulary.add([ENGLISH])
    assert settled(text, vocabulary) == "the walkabout"
    vocabulary.add(["a walk-about of it"])
    assert settled(text, vocabulary) == "the walk-about"
    assert settled("plain", vocabulary) == "plain"


def test_nothing_and_noncharacters() -> None:
    assert joined([]) == joined(["", "  "]) == ""
    assert join(f"a{UNSETTLED}b") == "ab"
    assert joined(["one\u2014"]) == "one-"


FRENCH = "dans la ville et les bois, que le vent est doux"


@pytest.mark.parametrize(
    ("lines", "seen", "text"),
    [
        (("la ville peut-", "elle-même payer"), FRENCH, "la ville peut-elle-même payer"),
        (("où sont-", "ils tous"), FRENCH, "où sont-ils tous"),
        (("que pensez-", "vous de cela"), FRENCH, "que pensez-vous de cela"),
        (("une bouteille nouv-", "elle"), ENGLISH, "une bouteille nouvelle"),
        (("les fusils, mus-", "il et fus-", "ils"), ENGLISH, "les fusils, musil et fusils"),
    ],
)
def test_french_pronouns_keep_their_hyphen(lines: tuple[str, ...], seen: str, text: str) -> None:
    assert join(*lines, seen=seen) == text
