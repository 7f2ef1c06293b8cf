"""No regular expression of docmill takes more than linear time, whatever the text."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

import pytest

from tests.patterns.attacks import LENGTH, ambiguities, slow_text, takes_long
from tests.patterns.automaton import Automaton, automaton
from tests.patterns.sources import Use, uses

ROOT = Path(__file__).parents[2]
FILES = sorted(
    path
    for folder in ROOT.iterdir()
    if folder.is_dir() and folder.name not in ("tests", "out", "build", "dist") and folder.name[0] != "."
    for path in folder.rglob("*.py")
)
USES = list({(use.pattern, use.method): use for use in uses(FILES, ROOT)}.values())
SLOW = [
    # exponential
    ("match", r"(?i)(?:by|von|par|por|di)\s+(?:[A-Z][\w.’'-]*[, ]*(?:and |und |et |y |e )?){2,}$"),
    ("match", r"[A-Z]\.(?:\d{1,2}\.?)*\s"),
    ("match", r"(a|a)*b"),
    ("match", r"(a*)*b"),
    ("match", r"(?:(a+)+b)|.*"),
    ("fullmatch", r"(a+)+b?"),
    ("match", r"(?i:k)+K+!"),
    # polynomial
    ("search", r"\s+$"),
    ("sub", r"[ \t]+\n"),
    ("sub", r"(?s)<!--.*?-->"),
    ("match", r".*x.*y"),
    ("fullmatch", r"x*x*y"),
    ("findall", r"x*?y|x"),
    ("sub", r"(?m)^\s*x"),
    ("match", r"(?:a(?=[ab]*c))*d"),
    ("sub", r"(`)(?=\S)(.+?)(?<=\S)\1"),
    ("search", r"foo\s*(a|b|ab)*c"),
]
QUICK = [
    ("search", r"(?<!\s)\s+$"),
    ("sub", r"\d+"),
    ("match", r'"[^"]*"'),
    ("match", r"a*b*c*d"),
    ("search", r"^\s*x"),
    ("match", r"(?:a|b)*c"),
    ("match", r"(?:\d+(?:\.\d+)*\.?)?x"),
    ("match", r"(?>x*)x*y"),
    ("fullmatch", r"(?:ab|b)*"),
]


def wander(made: Automaton, chance: Random) -> str:
    """A text that an automaton takes, or its beginning."""
    text, following = "", made.start
    while following and len(text) < 16:
        taken, position = chance.choice(sorted(following))
        text += made.alphabet[taken]
        following = made.successors[taken, position]
    return text


def test_the_patterns_are_found() -> None:
    found = {Path(use.place.split(":")[0]).name: use.pattern for use in USES}
    assert {"headings.py", "markers.py", "damage.py", "selection.py", "logs.py"} <= found.keys()
    assert {use.method for use in USES if use.pattern == re.compile(r"<(picture|chart)>")} == {"search"}


@pytest.mark.parametrize("use", USES, ids=str)
def test_no_ambiguity_takes_long(use: Use) -> None:
    assert slow_text(use.pattern, use.method) is None


@pytest.mark.parametrize("use", USES, ids=str)
def test_nothing_like_what_matches_takes_long(use: Use) -> None:
    """Parts of texts that match, repeated: whether or not they are ambiguous."""
    made = automaton(use.pattern, searched=False, whole=True)
    chance = Random(ascii(use.pattern.pattern))
    for _ in range(6):
        text = wander(made, chance) or chance.choice(made.alphabet)
        first, last = sorted((chance.randrange(len(text)), chance.randrange(len(text))))
        pump = text[first : last + 1]
        body = text[:first] + pump * (LENGTH // len(pump)) + chance.choice(["", *made.alphabet])
        given = body.encode("latin-1") if isinstance(use.pattern.pattern, bytes) else body
        assert not takes_long(use.pattern, use.method, given), (text[:first], pump)


class TestTheCheck:
    @pytest.mark.parametrize(("method", "pattern"), SLOW)
    def test_slow_patterns_are_caught(self, method: str, pattern: str) -> None:
        assert slow_text(re.compile(pattern), method) is not None

    @pytest.mark.parametrize(("method", "pattern"), QUICK)
    def test_quick_ones_are_not(self, method: str, pattern: str) -> None:
        assert slow_text(re.compile(pattern), method) is None

    def test_an_ambiguity_says_what_to_repeat(self) -> None:
        [attack] = ambiguities(re.compile(r"x\s*y*[ ]*z"), "match")
        assert (attack.prefix, attack.pump) == ("x ", " ")

    def test_patterns_are_read_from_the_source(self, tmp_path: Path) -> None:
        (tmp_path / "one.py").write_text(
            'import re\n_DOTS = "._"\nLEADER = re.compile(rf"[{_DOTS}]{{2}}", flags=re.I)\n'
            "OTHER = re.compile('c')\nOTHER.match('x')\n"
            "def change(text, pattern):\n    return re.sub(pattern, '', text)\n"
            "change('x', r'a+')\nchange('x', pattern='b+')\nLEADER.match('x')\n"
        )
        (tmp_path / "two.py").write_text(
            "from one import LEADER, OTHER\nany(map(LEADER.search, 'x'))\nprint(OTHER)\n"
        )
        found = uses([tmp_path / "one.py", tmp_path / "two.py"], tmp_path)
        assert [(use.pattern.pattern, use.method) for use in found] == [
            ("[._]{2}", "match"),
            ("[._]{2}", "search"),
            ("c", "finditer"),
            ("c", "fullmatch"),
            ("c", "match"),
            ("a+", "sub"),
            ("b+", "sub"),
        ]
        assert found[0].pattern.flags & re.IGNORECASE

    @pytest.mark.parametrize(
        "source",
        [
            "import re\ndef find(pattern): return re.search(pattern, '')\n",
            "import re\ndef find(flags): return re.search('a', '', flags)\n",
            "from re import search\nsearch('a', '')\n",
            "import re as expressions\n",
        ],
    )
    def test_what_cannot_be_read_is_said(self, source: str, tmp_path: Path) -> None:
        (tmp_path / "one.py").write_text(source)
        with pytest.raises(ValueError, match=r"one\.py"):
            uses([tmp_path / "one.py"], tmp_path)
