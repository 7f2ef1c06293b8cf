"""How much text in Latin letters is like a language: which letter follows which.

Fonts with a wrong Unicode map give text whose letters are moved (`7KH FRPPLWWHH` for `The committee`), and
which no single character gives away.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from string import ascii_lowercase, digits

import numpy as np

__all__ = ["LIKELY", "MIN_PAIRS", "UNLIKELY", "pair_likelihood"]

#: Text of fewer pairs can be anything.
MIN_PAIRS = 150
#: Measured on 250 characters each of 60 languages, also such as are not in the table: language has 7.5 and
#: more, 8 in the mean, program code 7.0 and more, lists of abbreviations 6 to 7.5; letters that were moved
#: have 5.8 in the mean, with a deviation of 0.5.
UNLIKELY = 7.0
LIKELY = 7.25

#: A row for what comes first, a column for what follows: the edge of a word, then a to z. The digit less 5 is
#: the binary logarithm of how much commoner the pair is than if all were equally common, in the language that
#: has it most of these: af ca cs cy da de en es et fi fr hr hu id it lt lv nl no pl pt ro sk sl so sq sv sw
#: tl tr vi (pairs as langdetect, Apache-2.0, counted them in Wikipedia). Letters are without their marks.
_PAIRS = (
    "098999888989999896899889698"
    "997798788868979766998877887"
    "685437010733614700634724061"
    "980527009867535801566713077"
    "994299438955546820666646067"
    "977888686977879564998766577"
    "770036621642505700645504060"
    "983338265775555740655627082"
    "882059122746545735648746070"
    "986879676888879866898865586"
    "782239201805245710165632021"
    "894337026846654810676737072"
    "994469455876866730266756073"
    "887248363866565750554707043"
    "994788498976657822478645276"
    "977786775777888963886788257"
    "680317437742623850745624332"
    "360046000610000500010700030"
    "985578556856656843667756167"
    "994838359868655762478764068"
    "994219339844545820878756165"
    "875578556766888764786765566"
    "880237011742406710552620074"
    "892437135802437720661500082"
    "582345003500030420003503020"
    "885786756645679730765646043"
    "774457134735446730356545075"
)
_TABLE = np.array([[int(digit) for digit in _PAIRS[i : i + 27]] for i in range(0, 27 * 27, 27)], np.float64)
#: Letters that are no other letter with a mark.
_FOLDED = {"ø": "o", "æ": "a", "œ": "o", "ł": "l", "ı": "i", "đ": "d", "ð": "d", "þ": "t", "ħ": "h"}
#: Text with more kinds of other characters is not in Latin letters.
_MAX_OTHERS = 64
#: Byte to class: 1 to 26 for letters; what only codes have; what joins words; 0 for what parts them.
_CODE, _JOINER = 27, 28
_OTHERS = dict.fromkeys(f"{digits}_/@", _CODE) | {"-": _JOINER}
_CLASSES = bytes((ascii_lowercase.find(chr(byte)) + 1) or _OTHERS.get(chr(byte), 0) for byte in range(256))


def pair_likelihood(text: str) -> tuple[float, int]:
    """The mean over pairs of letters, from 0 to 9, and how many pairs there are.

    Words of one or two letters do not count, nor do part numbers and addresses.
    """
    codes = np.frombuffer(b"\0" + _plain(text).translate(_CLASSES) + b"\0", np.uint8)
    edges = np.flatnonzero(codes == 0)
    lengths = np.diff(edges) - 1
    plain = np.diff(np.cumsum(codes == _CODE)[edges]) == 0
    counted = np.repeat(plain & (lengths >= 3), lengths + 1)  # a word's pairs start at the edge before it
    letters = np.where(codes == _JOINER, 0, codes)
    one, two = letters[:-1], letters[1:]
    counted &= (one > 0) | (two > 0)
    pairs = _TABLE[one[counted], two[counted]]
    return (float(pairs.mean()), len(pairs)) if len(pairs) else (0.0, 0)


def _plain(text: str) -> bytes:
    text = text.casefold()
    if not text.isascii():
        others = {char for char in text if char > "\x7f"}
        for char in others if len(others) <= _MAX_OTHERS else ():
            text = text.replace(char, _folded(char))
    return text.encode("ascii", "replace")


@lru_cache(maxsize=1024)
def _folded(char: str) -> str:
    """The letter without its mark; marks by themselves go."""
    if unicodedata.combining(char):
        return ""
    return _FOLDED.get(char) or unicodedata.normalize("NFD", char)[0]
