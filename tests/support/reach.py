"""Which methods of the Store a handler can reach, read from the source: functions of flows that call functions."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from local.ports import ROOT
from tests.support import privileges

_FLOWS = ROOT / "layers" / "common" / "herald" / "flows"
_NOT_FOLLOWED = (str(_FLOWS / "gate.py"), "perform")
"""The gate chooses by the type of a command, which no reading of names shows: its plans are walked, not read."""


@dataclass(frozen=True)
class _Source:
    """One module: its functions by name, and what it imports from flows as name -> (module, function or "")."""

    functions: dict[str, ast.FunctionDef]
    imported: dict[str, tuple[str, str]]


def store_methods(function: str) -> set[str]:
    """Names of the Store's methods in everything the function's handler can come to."""
    told = privileges.functions()[function]
    module, _, handler = told["Handler"].rpartition(".")
    start = str(ROOT / told["Code"]["S3Key"] / f"{module}.py")
    found: set[str] = set()
    seen: set[tuple[str, str]] = set()
    ahead = [(start, handler)]
    while ahead:
        here, name = ahead.pop()
        source = _read(here)
        if (here, name) in seen or (here, name) == _NOT_FOLLOWED or name not in source.functions:
            continue
        seen.add((here, name))
        for node in ast.walk(source.functions[name]):
            found |= _of_store(node)
            ahead += _next(node, here, source)
    return found


def _of_store(node: ast.AST) -> set[str]:
    """`anything.store.method` and `store.method`."""
    if not isinstance(node, ast.Attribute):
        return set()
    owner = node.value
    named = (isinstance(owner, ast.Attribute) and owner.attr == "store") or (
        isinstance(owner, ast.Name) and owner.id == "store"
    )
    return {node.attr} if named else set()


def _next(node: ast.AST, here: str, source: _Source) -> list[tuple[str, str]]:
    if isinstance(node, ast.Name):
        if node.id in source.functions:
            return [(here, node.id)]
        if node.id in source.imported and source.imported[node.id][1]:
            return [source.imported[node.id]]
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        module, whole = source.imported.get(node.value.id, ("", ""))
        if module and not whole:
            return [(module, node.attr)]
    return []


@cache
def _read(path: str) -> _Source:
    tree = ast.parse(Path(path).read_text())
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imported: dict[str, tuple[str, str]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "herald.flows":
            imported |= {one.asname or one.name: (str(_FLOWS / f"{one.name}.py"), "") for one in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("herald.flows."):
            file = str(_FLOWS / f"{(node.module or '').rpartition('.')[2]}.py")
            imported |= {one.asname or one.name: (file, one.name) for one in node.names}
    return _Source(functions, imported)
