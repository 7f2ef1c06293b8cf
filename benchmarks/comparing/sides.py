"""The two commits of a comparison, as reports name them."""

from __future__ import annotations

import msgspec

from benchmarks.comparing.trees import Tree

__all__ = ["Side", "side"]


class Side(msgspec.Struct, frozen=True, kw_only=True):
    """A commit, whether tracked files were changed since, and the module of its command line."""

    commit: str
    changed: bool
    module: str

    def __str__(self) -> str:
        return self.commit[:12] + (" with changes" if self.changed else "")


def side(tree: Tree) -> Side:
    """A tree as a report names it."""
    return Side(commit=tree.commit, changed=tree.changed, module=tree.module)
