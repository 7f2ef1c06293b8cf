"""Every regular expression in Python files and what is done with it, read from their source."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tests.patterns.attacks import METHODS

__all__ = ["Use", "uses"]

_READABLE = (
    *(ast.Constant, ast.JoinedStr, ast.FormattedValue, ast.BinOp, ast.Add, ast.BitOr),
    *(ast.Name, ast.Attribute, ast.Load),
)


@dataclass(frozen=True)
class Use:
    """A pattern, a method that is called on it, and where it is written."""

    pattern: re.Pattern[Any]
    method: str
    place: str

    def __str__(self) -> str:
        return f"{self.place}-{self.method}"


def uses(files: Sequence[Path], root: Path) -> list[Use]:
    """The uses of every expression in files; a `ValueError` for one that their source does not tell."""
    modules = [
        _Module(path.relative_to(root).as_posix(), ast.parse(path.read_text("utf-8"))) for path in files
    ]
    return [use for module in modules for use in module.uses(modules)]


@dataclass(frozen=True)
class _Module:
    path: str
    tree: ast.Module

    def uses(self, modules: Sequence[_Module]) -> Iterator[Use]:
        for node in self._nodes:
            if not _plainly_imported(node):
                raise ValueError(f"{self.path}: calls of re are found where it is imported as re")
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                called = node.func
                if isinstance(called.value, ast.Name) and called.value.id == "re":
                    methods = self._methods(node, modules) if called.attr == "compile" else {called.attr}
                    for pattern in self._patterns(node, called.attr):
                        for method in sorted(methods & METHODS.keys()):
                            yield Use(pattern, method, f"{self.path}:{node.lineno}")

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def _constants(self) -> dict[str, Any]:
        found: dict[str, Any] = {"re": re}
        for statement in self.tree.body:
            if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                found[statement.targets[0].id] = self._value(statement.value, found)
        return found

    @staticmethod
    def _value(node: ast.expr | None, names: dict[str, Any]) -> Any:
        """The value of an expression of literals, flags and constants; none when it is not one."""
        parts = list(ast.walk(node)) if node else []
        known = all(names.get(part.id) is not None for part in parts if isinstance(part, ast.Name))
        if not node or not known or not all(isinstance(part, _READABLE) for part in parts):
            return None
        return eval(compile(ast.Expression(node), "<constant>", "eval"), dict(names))

    def _patterns(self, call: ast.Call, function: str) -> Iterator[re.Pattern[Any]]:
        """The patterns of a call: several where it is in a function that is given them."""
        if function == "escape":
            return
        given = _argument(call, 0, "pattern")
        flags = _argument(call, {"compile": 1, "split": 3, "sub": 4, "subn": 4}.get(function, 2), "flags")
        found = [self._value(given, self._constants)]
        if found == [None] and isinstance(given, ast.Name):
            found = [self._value(argument, self._constants) for argument in self._given(given.id)]
        flag = self._value(flags, self._constants) if flags else re.NOFLAG
        if not found or None in (*found, flag):
            raise ValueError(f"{self.path}:{call.lineno}: the source does not tell the expression")
        yield from (re.compile(text, flag) for text in found)

    def _given(self, parameter: str) -> Iterator[ast.expr | None]:
        """What this module gives to its functions that have a parameter of this name."""
        for function in self._nodes:
            if isinstance(function, ast.FunctionDef):
                names = [argument.arg for argument in function.args.args]
                for call in self._nodes if parameter in names else ():
                    if isinstance(call, ast.Call) and ast.unparse(call.func) == function.name:
                        yield _argument(call, names.index(parameter), parameter)

    def _methods(self, call: ast.Call, modules: Sequence[_Module]) -> set[str]:
        """What is called on a compiled pattern, wherever its name is known; all there is when nothing is."""
        names = {
            node.targets[0].id
            for node in self._nodes
            if isinstance(node, ast.Assign) and node.value is call and isinstance(node.targets[0], ast.Name)
        }
        knowing = [module for module in modules if module is self or names & module._imported]
        called = {method for module in knowing for name, method in module._calls if name in names}
        handed_on = any(names & module._handed_on for module in knowing)
        return called | ({"match", "fullmatch", "finditer"} if handed_on or not called else set())

    @cached_property
    def _calls(self) -> set[tuple[str, str]]:
        """The names of this module with the attributes that it takes of them."""
        return {
            (node.value.id, node.attr)
            for node in self._nodes
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }

    @cached_property
    def _handed_on(self) -> set[str]:
        """The names that this module reads for more than an attribute."""
        owners = {id(node.value) for node in self._nodes if isinstance(node, ast.Attribute)}
        names = [node for node in self._nodes if isinstance(node, ast.Name) and id(node) not in owners]
        return {node.id for node in names if isinstance(node.ctx, ast.Load)}

    @cached_property
    def _imported(self) -> set[str]:
        return {
            alias.name for node in self._nodes if isinstance(node, ast.ImportFrom) for alias in node.names
        }


def _argument(call: ast.Call, index: int, name: str) -> ast.expr | None:
    named = [keyword.value for keyword in call.keywords if keyword.arg == name]
    return named[0] if named else call.args[index] if index < len(call.args) else None


def _plainly_imported(node: ast.AST) -> bool:
    if isinstance(node, ast.ImportFrom):
        return node.module not in ("re", "regex")
    if isinstance(node, ast.Import):
        return not any(alias.name == "regex" or (alias.name == "re" and alias.asname) for alias in node.names)
    return True
