"""Lists of people, read from one line."""

from __future__ import annotations

import pytest

from docmill.pipeline.convert.layout.labels.front_matter.names import Names, names_in


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("Edda Brandt", 1),
        ("Edda Brandt and Olaf Lindqvist", 2),
        ("E. M. Brandt, O.-P. Lindqvist & M.Sato", 3),
        ("BRANDT EDDA; LINDQVIST OLAF", 2),
        ("Brandt, Edda; Lindqvist, Olaf", 2),
        ("Edda Brandt, PhD, Olaf Lindqvist Jr., M.D.", 2),
        ("Ludwig van der Berg und Jean-Luc d’Arc", 2),
        ("Inés Vidal y Omar al-Masri", 2),
        ("Edda Brandt / Olaf Lindqvist", 2),
        ("By Edda Brandt and Olaf Lindqvist", 2),
        ("Dr. Edda Brandt (chair), Prof. Olaf Lindqvist", 2),
        ("Ирина Соколова и Павел Орлов", 2),
        ("Ελένη Παππά και Νίκος Ράλλης", 2),
        ("محمد علي، أحمد حسن", 2),
        ("王小明、李四", 2),
        ("김민준, 이서연", 2),
    ],
)
def test_people(text: str, people: int) -> None:
    assert names_in(text, raised=False) == Names(people=people)


@pytest.mark.parametrize(
    "text",
    [
        "Introduction",
        "1 Introduction",
        "2 Methods and Materials",
        "Chapter 1",
        "Müller v. Bundesrepublik",
        "Statement of need",
        "What is new?",
        "Part One: Winter Work",
        "University of Aldermouth",
        "Department Heads",
        "A.",
        "",
        "***",
    ],
)
def test_what_names_nobody(text: str) -> None:
    assert not names_in(text, raised=False).people


def test_letters_are_marks_only_where_something_is_raised() -> None:
    text = "Edda Brandt a and Olaf Lindqvist b"
    assert names_in(text, raised=True) == Names(2, 0, 2, frozenset("ab"), raised=True)
    assert names_in(text, raised=False).others == 1


def test_digits_may_be_marks_where_nothing_is_raised() -> None:
    assert names_in("Edda Brandt1 and Olaf Lindqvist 2", raised=False) == Names(2, 0, 2, frozenset("12"))
    assert names_in("Problem Set 3", raised=False).numbered
    assert not names_in("Problem Set 3", raised=True).numbered
    assert not names_in("Edda Brandt∗", raised=False).numbered


@pytest.mark.parametrize(
    ("text", "people", "marked", "marks"),
    [
        ("Edda Brandt a,c,∗ , Olaf Lindqvist b,1", 2, 2, "ac∗b1"),
        ("Edda Brandt ∗1 and Olaf Lindqvist †1", 2, 2, "∗†1"),
        ("Edda Brandt, 1,∗ Olaf Lindqvist, 2 Mia Sato 2", 3, 3, "1∗2"),
        ("E. Brandt, 1, b) O. Lindqvist, 1, c) and M. Sato 2, d)", 3, 3, "1b2cd"),
        ("Edda Brandt1,2", 1, 1, "12"),
        ("张三1，李四2", 2, 2, "12"),
        ("Edda Brandt†", 1, 1, "†"),
        ("Edda Brandt¹ and Olaf Lindqvist¹", 2, 2, "¹"),
        ("Juan Pérez e y María López y", 2, 2, "ey"),
    ],
)
def test_marks_behind_names(text: str, people: int, marked: int, marks: str) -> None:
    names = names_in(text, raised=True)
    assert (names.people, names.marked, names.marks) == (people, marked, frozenset(marks))


@pytest.mark.parametrize(
    "text", ["1 Institute of Tides", "∗ Corresponding Author", "†Deceased In May", "a Harbour Office"]
)
def test_what_starts_with_a_mark_is_no_list_of_people(text: str) -> None:
    assert not names_in(text, raised=True).people


def test_indexes_count_affiliations_and_signs_do_not() -> None:
    assert names_in("Edda Brandt 1, Olaf Lindqvist 2", raised=True).indexed
    assert not names_in("Edda Brandt 1", raised=True).indexed
    assert not names_in("Edda Brandt∗ and Olaf Lindqvist†", raised=True).indexed
    assert not names_in("Edda Brandt¹ and Olaf Lindqvist²", raised=True).indexed


@pytest.mark.parametrize("piece", ["(", "A ", "A.", "1,", "*", "a;", "Von ", "and ", "-", "张"])
def test_any_length_is_read(piece: str) -> None:
    names_in(piece * 50_000, raised=True)
