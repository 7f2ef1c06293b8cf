"""What documents have and documentation has not: names, references, tables of figures, words of a figure."""

from __future__ import annotations

from random import Random

__all__ = [
    "FIGURE_WORDS",
    "PEOPLE",
    "PLACES",
    "front_lines",
    "journal",
    "person",
    "reference",
    "running_citation",
    "sentence",
    "table_of_figures",
]

PEOPLE = [
    "Anna Meyer",
    "J. R. Okafor",
    "Li Wei",
    "María González",
    "Peter van den Berg",
    "S. Raman",
    "Chloé Dubois",
    "Tomasz Nowak",
    "Aiko Tanaka",
    "Daniel Smith",
    "Fatima El-Sayed",
    "Oleg Petrov",
    "Ingrid Larsen",
    "Marco Rossi",
    "Emily Carter",
    "Kwame Mensah",
]
PLACES = [
    "University of Northfield",
    "Institute for Applied Systems, Delft",
    "Department of Statistics, Lakeside College",
    "Example Corp., Research Division",
    "National Laboratory of Metrology",
    "Technische Hochschule Neustadt",
    "School of Engineering, Port City University",
    "Laboratoire d'Informatique, Lyon",
]
_JOURNALS = [
    "Journal of Open Methods",
    "Annals of Systems",
    "Technical Report 12-07",
    "Proc. 14th Conf. on Documents",
    "Bulletin of Applied Notes",
    "User Guide",
    "Product Documentation",
    "Working Paper",
    "Annual Review",
]
_DATES = ("12 March 2019", "Received 3 May 2021; accepted 9 June 2021", "March 2020", "Version 2.4")
_REGIONS = [
    "North",
    "South",
    "East",
    "West",
    "Central",
    "Coastal",
    "Islands",
    "Capital",
    "Border",
    "Highland",
    "Lowland",
    "Overseas",
]
_LINES = [
    "Revenue",
    "Cost of sales",
    "Gross margin",
    "Research and development",
    "Selling expenses",
    "Administration",
    "Depreciation",
    "Operating result",
    "Interest received",
    "Interest paid",
    "Taxes on income",
    "Result of the year",
]
_METHODS = [
    "Baseline",
    "Linear model",
    "Nearest neighbour",
    "Random forest",
    "Two-stage",
    "Proposed",
    "Proposed, tuned",
    "Oracle",
]
_MEASURES = ("Accuracy", "Recall", "F1", "RMSE", "Time (s)", "Memory (MB)", "p-value", "n")
_STAFF = [
    "Director",
    "Deputy director",
    "Head of laboratory",
    "Secretary",
    "Accountant",
    "Engineer",
    "Technician",
    "Librarian",
]
FIGURE_WORDS = ("alpha", "0.5", "input", "Step 2", "10", "n = 40", "output", "Server")


def person(random: Random) -> str:
    """A name."""
    return random.choice(PEOPLE)


def journal(random: Random) -> str:
    """Where something appears."""
    return random.choice(_JOURNALS)


def sentence(random: Random, pool: list[str], least: int, most: int) -> str:
    """A sentence out of the paragraphs of `pool`, or the beginning of one: `least` to `most` characters."""
    good = [text for text in pool if len(text) > least]
    text = random.choice(good) if good else "No further details are given for these cases."
    end = text.find(". ", least)
    if 0 < end < most:
        return text[: end + 1]
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0].rstrip(",;:") + "."


def front_lines(random: Random) -> list[str]:
    """Authors, where they work, and a date, as they stand under a title."""
    people = random.sample(PEOPLE, random.randint(1, 5))
    marked = random.random() < 0.5
    lines = [", ".join(name + (str(random.randint(1, 3)) if marked else "") for name in people)]
    for number in range(random.randint(0, 3)):
        lines.append((f"{number + 1} " if marked else "") + random.choice(PLACES))
    if random.random() < 0.4:
        lines.append(random.choice(_DATES))
    return lines


def reference(random: Random, pool: list[str], *, apa: bool) -> str:
    """An entry of a list of references."""
    people = random.sample(PEOPLE, random.choice((1, 1, 2, 2, 3, 4, 8)))
    year, title = random.randint(1975, 2025), sentence(random, pool, 20, 110).rstrip(".")
    volume, page = random.randint(1, 80), random.randint(1, 400)
    where = random.choice(
        (
            f"{journal(random)}, {volume}({random.randint(1, 12)}), {page}–{page + 14}.",
            f"In {journal(random)} (pp. {page}–{page + 9}). {random.choice(PLACES)}.",
            f"{random.choice(PLACES)}.",
        )
    )
    link = random.choice(("", "", f" https://doi.org/10.{random.randint(1000, 9999)}/x{page}.{volume}"))
    if apa:
        names = [f"{name.split()[-1]}, {name[0]}." for name in people]
        listed = ", ".join(names[:-1]) + (", & " if len(names) > 1 else "") + names[-1]
        return f"{listed} ({year}). {title}. {where}{link}"
    return f"{', '.join(people)}. {title}. {where[:-1]}, {year}.{link}"


def running_citation(random: Random, title: str) -> str:
    """A running foot as journals have it."""
    name, year, number = person(random).split()[-1], random.randint(2015, 2025), random.randint(1000, 99999)
    return f"{name} et al. ({year}). {title}. {journal(random)}, {number % 12 + 1}. https://doi.org/10.1234/x.{number}"


def table_of_figures(random: Random) -> tuple[int, list[list[tuple[str, int, bool]]]]:
    """Rows of (text, columns that it spans, whether it is a figure), and how many of them are the head."""
    return random.choice((_by_year, _by_year, _results, _statement, _staff, _grouped))(random)


def _figure(random: Random) -> tuple[str, int, bool]:
    value = random.choice((random.randint(1, 99), random.randint(100, 99_999), random.uniform(0, 100)))
    text = f"{value:,}" if isinstance(value, int) else f"{value:.{random.randint(1, 2)}f}"
    return random.choice((text, text, text, text, f"-{text}", "–", f"{text} %")), 1, True


def _word(text: str) -> tuple[str, int, bool]:
    return text, 1, False


def _by_year(random: Random) -> tuple[int, list[list[tuple[str, int, bool]]]]:
    years = random.randint(2, 6)
    first = random.randint(1990, 2018)
    head = [_word(random.choice(("Region", "Area", "")))] + [(str(first + n), 1, True) for n in range(years)]
    rows = [
        [_word(name), *(_figure(random) for _ in range(years))]
        for name in random.sample(_REGIONS, random.randint(3, 12))
    ]
    if random.random() < 0.5:
        rows.append([_word("Total"), *(_figure(random) for _ in range(years))])
    return 1, [head, *rows]


def _results(random: Random) -> tuple[int, list[list[tuple[str, int, bool]]]]:
    measures = random.sample(_MEASURES, random.randint(2, 5))
    head = [_word("Method"), *((name, 1, True) for name in measures)]
    rows = [
        [_word(name), *((f"{random.random():.{random.randint(2, 3)}f}", 1, True) for _ in measures)]
        for name in random.sample(_METHODS, random.randint(3, 8))
    ]
    return 1, [head, *rows]


def _grouped(random: Random) -> tuple[int, list[list[tuple[str, int, bool]]]]:
    groups = random.sample(("Development", "Test", "Women", "Men", "Before", "After"), random.randint(2, 3))
    measures = random.sample(_MEASURES, 2)
    top = [_word(""), *((name, 2, False) for name in groups)]
    head = [_word("Method"), *((name, 1, True) for _ in groups for name in measures)]
    rows = [
        [_word(name), *(_figure(random) for _ in groups for _ in measures)]
        for name in random.sample(_METHODS, random.randint(3, 8))
    ]
    return 2, [top, head, *rows]


def _statement(random: Random) -> tuple[int, list[list[tuple[str, int, bool]]]]:
    head = [_word("in thousands"), ("2024", 1, True), ("2023", 1, True)]
    rows = [[_word(name), _figure(random), _figure(random)] for name in _LINES[: random.randint(6, 12)]]
    return 1, [head, *rows]


def _staff(random: Random) -> tuple[int, list[list[tuple[str, int, bool]]]]:
    head = [_word("Name"), _word("Position"), _word("Place"), ("Room", 1, True)]
    rows = [
        [
            _word(name),
            _word(random.choice(_STAFF)),
            _word(random.choice(PLACES)),
            (str(random.randint(1, 420)), 1, True),
        ]
        for name in random.sample(PEOPLE, random.randint(3, 9))
    ]
    return 1, [head, *rows]
