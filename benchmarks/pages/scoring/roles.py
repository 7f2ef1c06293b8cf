"""What each role may become, and how well it did: lines counted one by one."""

from __future__ import annotations

from collections import Counter

import msgspec

from benchmarks.pages.marks import Role

__all__ = ["CLASSES", "RoleCounts", "class_of", "taken_for"]

#: What is as good as right; the first is the class under which the role is scored.
_ACCEPTED: dict[Role, tuple[str, ...]] = {
    Role.TITLE: ("heading",),
    Role.HEADING: ("heading",),
    Role.FRONT: ("paragraph",),
    Role.PARAGRAPH: ("paragraph",),
    Role.SIDE: ("paragraph", "list_item", "furniture"),
    Role.LIST_ITEM: ("list_item",),
    # documents do not agree on what these are
    Role.TERM: ("paragraph", "list_item", "heading"),
    Role.DEFINITION: ("paragraph", "list_item"),
    Role.REFERENCE: ("list_item", "paragraph"),
    Role.CODE: ("code",),
    Role.FOOTNOTE: ("footnote",),
    Role.CAPTION: ("caption",),
    Role.TABLE: ("table",),
    Role.PICTURE: ("picture",),
    Role.FORMULA: ("formula",),
    Role.CONTENTS: ("contents", "table"),
    # documents do not agree on what the parts of a form are; what a box says must be known
    Role.LABEL: ("paragraph", "list_item", "heading", "table"),
    Role.VALUE: ("paragraph", "list_item", "table", "heading"),
    Role.CHECKED: ("checkbox_selected",),
    Role.UNCHECKED: ("checkbox_unselected",),
    Role.HEADER: ("furniture",),
    Role.FOOTER: ("furniture",),
    Role.LINE_NUMBER: ("furniture", "lost"),
}
CLASSES = (
    *("heading", "paragraph", "list_item", "code", "footnote", "caption", "table", "furniture"),
    *("contents", "formula", "checkbox_selected", "checkbox_unselected"),
)


def class_of(role: Role) -> str:
    """The class under which a role is scored."""
    return _ACCEPTED[role][0]


def taken_for(role: Role, outcome: str) -> str:
    """The outcome, or the role's own class where the outcome is as good."""
    return class_of(role) if outcome in _ACCEPTED[role] else outcome


class RoleCounts(msgspec.Struct):
    """Lines by what they are and what they were taken for ("lost": they are in no item)."""

    pairs: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)

    def add(self, truth: str, outcome: str) -> None:
        """One line."""
        row = self.pairs.setdefault(truth, {})
        row[outcome] = row.get(outcome, 0) + 1

    def merge(self, other: RoleCounts) -> None:
        """Another document's lines."""
        for truth, row in other.pairs.items():
            mine = self.pairs.setdefault(truth, {})
            for outcome, count in row.items():
                mine[outcome] = mine.get(outcome, 0) + count

    def f1(self, name: str) -> float | None:
        """F1 of a class; None where neither side has it."""
        hits = self.pairs.get(name, {}).get(name, 0)
        true = sum(self.pairs.get(name, {}).values())
        taken = sum(row.get(name, 0) for row in self.pairs.values())
        return 2 * hits / (true + taken) if true + taken else None

    def right(self) -> float | None:
        """The share of lines that are what they are."""
        total = sum(sum(row.values()) for row in self.pairs.values())
        return sum(row.get(name, 0) for name, row in self.pairs.items()) / total if total else None

    def lines(self, name: str) -> int:
        """Lines of a class."""
        return sum(self.pairs.get(name, {}).values())

    def mistakes(self) -> Counter[tuple[str, str]]:
        """What was taken for what, and how often."""
        return Counter(
            {
                (truth, outcome): count
                for truth, row in self.pairs.items()
                for outcome, count in row.items()
                if truth != outcome
            }
        )
