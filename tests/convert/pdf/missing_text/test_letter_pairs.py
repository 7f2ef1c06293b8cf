"""Letters that were moved are told from language, code and numbers."""

from __future__ import annotations

import random
from string import ascii_lowercase

import pytest

from docmill.pipeline.convert.pdf.missing_text.letter_pairs import (
    LIKELY,
    MIN_PAIRS,
    UNLIKELY,
    pair_likelihood,
)

TEXTS = {
    "English": "The treasurer explained why the heating had cost more than planned, and what had been "
    "done about it since. It was agreed to ask for two further offers before the summer, and "
    "to meet again in the autumn.",
    "German": "Die Schatzmeisterin erklärte, weshalb die Heizung mehr gekostet hatte als vorgesehen und"
    " was seither unternommen wurde. Man beschloss, bis zum Sommer zwei weitere Angebote "
    "einzuholen und zu prüfen.",
    "French": "La trésorière expliqua pourquoi le chauffage avait coûté plus que prévu et ce qui avait "
    "été fait depuis. Il fut décidé de demander deux autres devis avant l'été, et de se "
    "réunir de nouveau en automne.",
    "Polish": "Skarbniczka wyjaśniła, dlaczego ogrzewanie kosztowało więcej, niż planowano, i co od "
    "tego czasu zrobiono. Postanowiono poprosić o dwie kolejne oferty przed latem i spotkać "
    "się ponownie jesienią.",
    "Finnish": "Rahastonhoitaja selitti, miksi lämmitys oli maksanut enemmän kuin oli suunniteltu ja "
    "mitä asialle oli sittemmin tehty. Päätettiin pyytää kaksi uutta tarjousta ennen kesää ja"
    " tavata syksyllä.",
    "Welsh": "Eglurodd y trysorydd pam yr oedd y gwres wedi costio mwy na'r disgwyl a beth a wnaed "
    "amdano ers hynny. Cytunwyd i ofyn am ddau gynnig arall cyn yr haf, ac i gyfarfod eto yn "
    "yr hydref yn y neuadd.",
    "Vietnamese": "Thủ quỹ giải thích vì sao chi phí sưởi ấm cao hơn dự kiến và những việc đã làm từ đó đến"
    " nay. Mọi người đồng ý xin thêm hai báo giá trước mùa hè và họp lại vào mùa thu tại "
    "phòng họp nhỏ của hội.",
    "Icelandic": "Gjaldkerinn skýrði hvers vegna hitunin hafði kostað meira en ætlað var og hvað gert "
    "hefði verið síðan. Samþykkt var að leita tveggja tilboða fyrir sumarið og hittast aftur "
    "um haustið í litla salnum.",
    "Basque": "Diruzainak azaldu zuen zergatik kostatu zen berogailua aurreikusitakoa baino gehiago eta"
    " zer egin zen ordutik. Uda baino lehen beste bi eskaintza eskatzea erabaki zen, eta "
    "udazkenean berriro biltzea.",
    "names": "Wojciechowski, Szczepański, Krzysztof; Hughes, Llywelyn; Nguyễn Phúc; Þorvaldsdóttir; "
    "Schwarzkopf; Fitzgerald; Bjørnson; Nagy György; Papadopoulos; Mohammed al-Rashid; "
    "Dimitrescu; Yılmaz; Østergaard; Okonkwo",
    "code": "def settled(page, ocr): return [cell for index, cell in enumerate(cells) if index not in"
    " dropped]; for (int i = 0; i < count; i++) { buffer[i] = malloc(sizeof(struct node)); } "
    "console.log(error.message); import numpy as np; raise ValueError(message); while queue: "
    "current = queue.popleft(); visited.add(current)",
}


@pytest.mark.parametrize("name", TEXTS)
def test_language_names_and_code_are_likely(name: str) -> None:
    likelihood, pairs = pair_likelihood(TEXTS[name])
    assert pairs >= MIN_PAIRS
    assert likelihood >= LIKELY


@pytest.mark.parametrize("name", [name for name in TEXTS if name not in ("names", "code", "Vietnamese")])
def test_moved_letters_are_unlikely(name: str) -> None:
    found = []
    for seed in range(40):
        moved = list(ascii_lowercase)
        random.Random(seed).shuffle(moved)
        text = TEXTS[name].casefold().translate(str.maketrans(ascii_lowercase, "".join(moved)))
        found.append(pair_likelihood(text)[0])
    assert sum(likelihood < UNLIKELY for likelihood in found) >= 38


@pytest.mark.parametrize("shift", [-29, -3, 1, 13, 31])
def test_codes_that_are_shifted_are_unlikely(shift: int) -> None:
    text = "".join(
        chr(ord(char) + shift) if char.isascii() and char > "@" else char for char in TEXTS["English"]
    )
    assert pair_likelihood(text)[0] < UNLIKELY


def test_marks_and_capitals_change_nothing() -> None:
    assert (
        pair_likelihood("ÉTAT LÀ-BAS")
        == pair_likelihood("etat la-bas")
        == pair_likelihood("E\u0301tat la\u0300-bas")
    )


@pytest.mark.parametrize(
    "text",
    ["", "a b c", "12,345.00 x 7", "ABC123 K9XQZT", "привет мир", "本書について", "\ufffd\ufffd\ufffd"],
)
def test_what_has_no_latin_words_has_no_pairs(text: str) -> None:
    assert pair_likelihood(text) == (0.0, 0)
