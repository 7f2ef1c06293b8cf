"""Which languages an alphabet can write, as far as their script tells."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # settings ask here too, and have no use for OpenCV
    from .recognise import Characters

__all__ = ["has_script"]

#: A letter that a language cannot do without, by the names and codes in use for it. Those that are not here
#: are written in Latin, or unknown.
_LETTERS = MappingProxyType(
    {
        name: letter
        for letter, names in {
            "한": ("korean", "ko", "kor", "ko-kr"),
            "ا": (
                "arabic",
                "ar",
                "ara",
                "persian",
                "farsi",
                "fa",
                "fas",
                "urdu",
                "ur",
                "urd",
                "ug",
                "uyghur",
            ),
            "א": ("hebrew", "he", "heb"),
            "д": ("cyrillic", "ru", "rus", "russian", "uk", "ukr", "ukrainian", "bg", "bul", "bulgarian"),
            "अ": ("devanagari", "hi", "hin", "hindi", "mr", "mar", "marathi", "ne", "nep", "nepali"),
            "த": ("tamil", "ta", "tam"),
            "త": ("telugu", "te", "tel"),
            "ಕ": ("kannada", "kn", "kan", "ka"),
            "ก": ("thai", "th", "tha"),
            "ა": ("georgian", "kat"),
            "語": ("japanese", "japan", "ja", "jpn"),
            "汉": ("chinese", "ch", "zh", "chi_sim", "ch_sim"),
            "漢": ("chinese_cht", "chi_tra", "ch_tra"),
        }.items()
        for name in names
    }
)


def has_script(language: str, alphabet: Characters) -> bool:
    """False for a language in a script of which `alphabet` has no letters; True for unknown names."""
    letter = _LETTERS.get(language.strip().lower())
    return letter is None or letter in alphabet
