"""The elements that English compounds with a hyphen are made of, and what looks like them but is not.

Chosen by what a hyphenated English word may leave at the end of a line and at the beginning of the next:
an element is here when that is hardly ever the whole of it.
"""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ALWAYS_BEFORE", "ENDINGS", "FUSING", "FUSING_TAILS", "HEADS", "INNER", "PAIRS", "TAILS"]


def words(text: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(text.split())


#: Within compounds, of other languages too: "state-of-the-art", "up-to-date", "arc-en-ciel".
INNER = words(
    """
    a and at aux by de des du en for in la le of on or sur the to up
    """
)
#: Before most words.
ALWAYS_BEFORE = words("non quasi self")
#: Before words of some length: "long-term", "real-world".
HEADS = words(
    """
    cross deep double eight fast five four full half high large long low nine quick real second
    seven short single six slow small ten third three two well
    """
)
#: What makes one word with some of these: "longer", "fifteen", "highlight", "selfish", "nonsense".
ENDINGS = words(
    """
    age ages ally ary ation coming comings cut cuts dom ed en ened ening er ers es est etheless fold
    ful hand hood ier iest ily ing ings isation ise ised ises ish ishly ishness ising ism ist istic
    istically ists ities ity ization ize ized izes izing land lands less lessly light lighted
    lighting lights list listed ly ment most ness over road roads s same self sense ship some teen
    teens teenth th ties tieth ty walk ware way ways word words y
    """
)
#: After words of some length: "evidence-based".
TAILS = words(
    """
    assisted associated aware based called centered centred controlled defined dependent derived
    dimensional driven effective efficient facing friendly funded generated growing induced
    intensive known lasting looking making mediated oriented owned profit ranging reaching related
    resistant reviewed saving sensitive sharing sided sized solving specific tailored term trained
    """
)
#: Before tails they make one word: "correlated", "unknown", "underfunded".
FUSING = words(
    """
    any com con cor dis every inter mis no out over per pre pro re some sub super trans un under up
    with
    """
)
#: After words they make one word: "overview", "background".
FUSING_TAILS = words(
    """
    base body book come ever flow fore ground like line load look man men more note out paper place
    point put room self set sheet shop side stand thing times view ward wards where while wise word
    words work works
    """
)
#: Short words, and what they make compounds with (None: with anything, since no break comes after them).
PAIRS: Mapping[str, frozenset[str] | None] = {
    "by": None,
    "ex": words("husband minister ministers officio post president presidents servicemen wife works"),
    "co": words("author authored authors chair chairs editor editors founder founders owner owners"),
    "in": words("between built depth house person situ vitro vivo"),
    "so": words("called"),
    "vice": words("admiral chair chairman chancellor consul dean president presidents principal versa"),
    **dict.fromkeys(
        words("twenty thirty forty fifty sixty seventy eighty ninety"),
        words(
            """
            one two three four five six seven eight nine first second third fourth fifth sixth seventh
            eighth ninth odd day days hour hours minute minutes month months week weeks year years
            """
        ),
    ),
}
