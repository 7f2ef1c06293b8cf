"""What says where people work and how to reach them: institutions, addresses, e-mails; dates beside them."""

from __future__ import annotations

import re
from collections.abc import Collection

__all__ = [
    "has_contact",
    "is_abstract",
    "is_affiliation",
    "is_date",
    "is_month",
    "mentions_contact",
    "names_institution",
    "starts_with_mark",
]

_MOST_CHARS = 2000  # of a block that are read
_MOST_DATE = 80  # characters
_CAPITALISED = 0.6  # of an address's words of four letters and more; prose has far fewer

_ORCID = re.compile(r"\b\d{4}-\d{4}-\d{4}-\d{3}[\dXx]\b")
_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")
_NUMBER = re.compile(r"\d+")
_POSTCODE = re.compile(r"(?<!\d)(?!(?:1[89]|20)\d\d(?!\d))\d{4,6}(?!\d)")  # no year
#: How words of headings over addresses begin.
_CONTACT = re.compile(
    r"\b(?:authors?\b|contact|correspond|address|enquir|inquir|kontakt|anschrift|impressum|autor|auteur|contatt"
    r"|correo|indirizz|adres|контакт|адрес)|联系|聯絡|連絡|作者|著者|연락",
    re.IGNORECASE,
)
_ABSTRACT = re.compile(
    r"(?:abstract|résumé|zusammenfassung|resum(?:en|o)|riassunto|samenvatting|аннотация|摘\s?要|要旨|초록|الملخص)(?!\w)",
    re.IGNORECASE,
)
#: Words for institutions: their beginnings, and what stands in compounds or where no space parts words.
_INSTITUTION = re.compile(
    r"\b(?:instytut|istitu|intézet|departa?ment|département|dipartimento|dept\b|facult|facoltà|wydział|laborat"
    r"|college|[eé]cole|escuela|escola|scuola|school|academ[yi]|accadem|hospital|clinic|cent(?:er|re|ro|rum)\b"
    r"|observator|corporation\b"
    r"|инстит|универс|академ|факульт|кафедр|лаборатор|πανεπιστήμ|ινστιτούτ|τμήμα|جامعة|معهد|كلية|אוניברסיט|מכון"
    r"|विश्वविद्यालय)"
    r"|universi[dt]|institu[tc]|hochschule|fakult|akadem|klinik|zentrum"
    r"|大学|大學|学院|學院|研究[所院室]|대학교|연구[소원]",
    re.IGNORECASE,
)


def names_institution(text: str) -> bool:
    """True for text with a word such as university, institute or department, in a few dozen languages."""
    return _INSTITUTION.search(text, 0, _MOST_CHARS) is not None


def has_contact(text: str) -> bool:
    """True for text with an e-mail address or an ORCID."""
    for token in text[:_MOST_CHARS].split():
        at = token.find("@")
        if at > 0 and "." in token[at + 2 : -1]:
            return True
    return _ORCID.search(text, 0, _MOST_CHARS) is not None


def is_affiliation(text: str) -> bool:
    """True for text that says where people work or how to reach them, and no sentence about it."""
    text = text[:_MOST_CHARS]
    if has_contact(text):
        return True
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    if sum(not word[0].islower() for word in words) < _CAPITALISED * len(words):
        return False
    return names_institution(text) or ("," in text and _POSTCODE.search(text) is not None)


def is_month(text: str) -> bool:
    """True for a month and a year, or a year's season, alone: `March 2020`."""
    words = text[: _MOST_DATE + 1].replace(",", " ").split()
    return (
        len(words) == 2
        and sorted(map(str.isalpha, words)) == [False, True]
        and all(word.isalpha() or _YEAR.fullmatch(word) for word in words)
    )


def starts_with_mark(text: str, marks: Collection[str]) -> bool:
    """True for text before which one of `marks` stands: `1 Institute`, `† Institute`, `aInstitute`."""
    first = next(iter(text[:40].split(None, 1)), "")
    return any(
        first.strip("()[]") == mark or (first.startswith(mark) and first[len(mark) :][:1].isupper())
        for mark in marks
    )


def mentions_contact(text: str) -> bool:
    """True for a heading such as `Author Note` or `Contact Us`, which looks like a name over an address."""
    return _CONTACT.search(text, 0, _MOST_CHARS) is not None


def is_abstract(text: str) -> bool:
    """True for the heading of an abstract, and for an abstract that begins with it."""
    return _ABSTRACT.match(text.lstrip(" -–—[(")) is not None


def is_date(text: str) -> bool:
    """True for text of little more than a day, a month and a year."""
    text = text[: _MOST_DATE + 1]
    words = text.replace(",", " ").split()
    return (
        len(text) <= _MOST_DATE
        and sum(len(word) > 3 and word.strip(".;:()").isalpha() for word in words) <= 2
        and _YEAR.search(text) is not None
        and len(_NUMBER.findall(text)) > 1
    )
