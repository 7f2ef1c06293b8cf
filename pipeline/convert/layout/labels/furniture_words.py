"""What running heads, feet and stamps say: page numbers, journals' lines, rights, addresses, dates."""

from __future__ import annotations

import re

from docmill.pipeline.convert.layout.blocks.markers import is_page_number

__all__ = ["ends_in_number", "furniture_wording", "is_folio", "page_value"]

_MOST_CHARS = 400  # of a line that are read

#: Words that stand in margins alone.
_CERTAIN = re.compile(
    r"downloaded (?:from|by|on|at|to)\b|this content downloaded|\barxiv:\s?\d|\bpreprint submitted to\b"
    r"|\bpublished as a (?:conference|workshop|short) paper\b|\bunder review (?:as|at|for)\b"
    r"|\ball rights reserved\b|©|\bcopyright (?:\(c\)|\d{4}|by\b|of\b|held\b)|\(c\) ?(?:19|20)\d\d\b"
    r"|\bcreative commons\b|\bopen access article\b|\bpersonal use only\b|\bauthorized licensed use\b"
    r"|\bnot for (?:citation|distribution|redistribution|quotation|resale|publication)\b"
    r"|\bdo not (?:cite|distribute|quote|copy|circulate)\b"
    r"|\bunauthori[sz]ed (?:use|copying|reproduction|distribution)\b"
    r"|\bpermission (?:to (?:make|copy|reproduce)|from the (?:publisher|author))"
    r"|\bsubject to (?:the )?(?:\w+ ){0,2}(?:terms|https?:)"
    r"|\b(?:page|seite|página|pagina|pág\.?|str\.) ?\d{1,4} (?:of|von|de|di|sur|van|z) ?\d{1,4}\b"
    r"|\bfiled:? \d\d?/\d\d?/\d\d|\bfederal register ?/|\bprinted (?:on|from|by|in) \d"
    r"|\b(?:please )?turn over\b|\bcontinued (?:on|from) (?:next |page)|\bproceedings of the \d",
    re.IGNORECASE,
)
#: Words that stand in margins more often than not.
_LIKELY = re.compile(
    r"https?://|\bwww\.|\bdoi\b|\b10\.\d{4}/|\bissn\b|\bisbn\b|\bvol(?:ume|\.) ?[\dIVXLC]{1,5}\b"
    r"|\b\d{1,4} ?\((?:19|20)\d\d\)|\((?:19|20)\d\d\) ?\d{1,4}\b|\b(?:19|20)\d\d[;,] ?\d{1,4} ?[:(]"
    r"|\bconfidential\b|\bproprietary\b|\bdraft\b|\b(?:internal|official) use\b|\bprivileged\b"
    r"|\brev(?:ision|ised)?[. ] ?\d|\bversion:? \d|\bpage:? ?\d|\bpp?\. ?\d|\bform [A-Z]{0,4}-?\d"
    r"|\b(?:seite|página|pagina) \d|\bauthor manuscript\b|\baccepted (?:article|manuscript)\b"
    r"|\bdocument \d|\bomb (?:no|control)|\bproceedings\b"
    # standards, and what firms must print on their letters
    r"|\b(?:iso|iec|din|bs|ansi|astm|jis)(?:[ /](?:iec|iso|en|tr|ts)){0,2} ?\d{2,6}(?:-\d{1,3})?:\d{4}"
    r"|\biban\b|\bust-?id|\bhrb ?\d|\bamtsgericht\b|\bgeschäftsführer|\bsiret\b|\brcs [a-z]|\bn° tva\b"
    r"|\bp\. ?iva\b|\bkvk\b|\bbtw\b|\bvat (?:no|reg|gb)|\bregistered (?:in|office|no)\b",
    re.IGNORECASE,
)
#: What a journal prints over its pages of what kind they are.
_KIND = re.compile(
    r"(?:(?:original|research|review|regular|full|short|open access|invited|special|feature) )*"
    r"(?:articles?|papers?|letters?|reviews?|reports?|editorial|perspectives?|commentary|correspondence"
    r"|communications?|case report|viewpoint|news|originalarbeit|übersichtsarbeit|article original"
    r"|artículo original|artigo original|articolo originale)",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mär|mai|okt|dez|janv|févr|avr|juin|juil|août|déc|ene"
    r"|abr|ago|dic|gen|mag|giu|lug|set|ott)"
)
_DATE = re.compile(
    r"\b(?:\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|(?:19|20)\d\d-\d\d-\d\d"
    rf"|{_MONTH}[a-zéû]{{0,7}}\.? (?:\d{{1,2}}, )?(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_IDENTIFIER = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/.,:()_ -")
_PAGE_WORD = re.compile(
    r"(?:p a g e|page|seite|p) ?[|:–-]? ?\d{1,4}|\d{1,4} ?[|:–-] ?(?:p a g e|page|p)", re.IGNORECASE
)
_FOLIO = re.compile(r"[A-Z]-?\d{1,3}|\d{1,4} ?/ ?\d{1,4}|\d{1,4} of \d{1,4}|\d{1,2}-\d{1,3}", re.IGNORECASE)
_NUMBER = re.compile(r"\d{1,4}")
_YEAR = re.compile(r"(?:1[89]|20)\d\d")
_ROMAN = re.compile(r"[ivxl]{1,7}")
_ROMAN_DIGITS = {"i": 1, "v": 5, "x": 10, "l": 50}


def furniture_wording(text: str) -> float:
    """How much the words of a margin's line say that it is none of the text: 3 by themselves, 2, 1, or 0."""
    text = text[:_MOST_CHARS]
    if _CERTAIN.search(text):
        return 3.0
    if _LIKELY.search(text) or _KIND.fullmatch(text):
        return 2.0
    if _DATE.search(text) or (any(map(str.isdigit, text)) and _IDENTIFIER.issuperset(text)):
        return 1.0
    return 0.0


def is_folio(text: str) -> bool:
    """True for a page's number in any of its forms, a newspaper's `A7` and `4-7` of a manual included."""
    text = text.strip()
    return len(text) < 30 and (
        is_page_number(text) or _PAGE_WORD.fullmatch(text) is not None or _FOLIO.fullmatch(text) is not None
    )


def ends_in_number(text: str) -> bool:
    """True for a line that begins or ends with what may be a page's number: `46 THE MILL`, `Mill. 213`."""
    words = text[:_MOST_CHARS].split()
    if not 2 <= len(words) <= 15:
        return False
    last, first, second = words[-1].strip("|[]()–-"), words[0].strip("|[]()–-"), words[1]
    if _NUMBER.fullmatch(last) and not _YEAR.fullmatch(last):
        return True
    return _NUMBER.fullmatch(first) is not None and (second.isupper() or not second[:1].isalnum())


def page_value(text: str) -> int:
    """The first number of a page's number: 0 where there is none."""
    number = _NUMBER.search(text)
    if number is not None:
        return int(number[0])
    roman = _ROMAN.fullmatch(text.strip(" -–—|[]()").lower())
    if roman is None:
        return 0
    digits = [_ROMAN_DIGITS[char] for char in roman[0]]
    return sum(-one if one < two else one for one, two in zip(digits, [*digits[1:], 0], strict=True))
