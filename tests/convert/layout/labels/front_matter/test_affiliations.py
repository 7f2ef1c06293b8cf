"""Addresses, institutions, e-mails and dates, told from prose and headings."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.labels.front_matter.affiliations import (
    is_abstract,
    is_affiliation,
    is_date,
    mentions_contact,
    starts_with_mark,
)


@pytest.mark.parametrize(
    "text",
    [
        "Department of Tides, University of Aldermouth, Norland",
        "Institut für Gezeiten",
        "Wirtschaftsuniversität Aldermouth",
        "Gezeitenforschungsinstitut der Nordlande",
        "Université de Brême, École des Marées",
        "Кафедра приливов, Университет Северного Берега",
        "海洋大学潮汐研究所",
        "해양대학교",
        "معهد المد والجزر",
        "brandt@tides.example",
        "{brandt, sato}@tides.example",
        "0000-0002-1825-009X",
        "Harbour Street 15, D-76133 Aldermouth",
    ],
)
def test_where_people_work(text: str) -> None:
    assert is_affiliation(text)


@pytest.mark.parametrize(
    "text",
    [
        "The university of that town has taken part in the survey since it was begun.",
        "Schools and colleges take part in the survey and send their readings every week.",
        "Vienna, December 2022",
        "Write to @tides or look at the page",
        "The tide tables of 76133 towns, and more of them",
        "Harbour Street",
        "",
    ],
)
def test_what_says_nothing_of_where(text: str) -> None:
    assert not is_affiliation(text)


@pytest.mark.parametrize(
    "text", ["1 Institute of Tides", "[1] Institute", "∗Institute of Tides", "aInstitute of Tides"]
)
def test_affiliations_under_marks(text: str) -> None:
    assert starts_with_mark(text, {"1", "∗", "a"})


@pytest.mark.parametrize(
    "text", ["", "2 Institute", "12 Institute", "1.5 metres", "a2 paper", "and so on", "10% more"]
)
def test_texts_that_no_mark_begins(text: str) -> None:
    assert not starts_with_mark(text, {"1", "∗", "a"})


@pytest.mark.parametrize(
    "text", ["Abstract", "ABSTRACT. We show", "Abstract—We show", "Zusammenfassung", "摘要", "Résumé :"]
)
def test_abstracts(text: str) -> None:
    assert is_abstract(text)


@pytest.mark.parametrize("text", ["Abstractions", "An abstract", "Resumption of work", ""])
def test_what_is_no_abstract(text: str) -> None:
    assert not is_abstract(text)


@pytest.mark.parametrize(
    "text",
    [
        "3 June 2024",
        "1er décembre 2021",
        "Released 2020/11/12",
        "2020年5月6日",
        "3 de junho de 2024, v1.2",
        "June 3, 2024",
    ],
)
def test_dates(text: str) -> None:
    assert is_date(text)


@pytest.mark.parametrize(
    "text",
    ["Outlook 2025", "2025", "5 wider harbours were dredged by 2025", "Version 1.0", "1 " * 50 + "2024"],
)
def test_what_is_no_date(text: str) -> None:
    assert not is_date(text)


def test_headings_over_addresses() -> None:
    assert all(
        map(mentions_contact, ("Author Note", "Contact Us", "Kontakt", "Postal Address", "连絡先連絡"))
    )
    assert not any(map(mentions_contact, ("Edda Brandt", "Authority", "Harbour Office")))
