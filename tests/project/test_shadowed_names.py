"""What a package defines itself is called as none of its modules: importing such a module would put it in that place."""

from __future__ import annotations

import ast
from pathlib import Path

import stepwright

ROOT = Path(stepwright.__file__).parent
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def test_no_package_defines_what_one_of_its_modules_is_called() -> None:
    shadowed = {
        f"{package.parent.relative_to(ROOT)}: {node.name}"
        for package in ROOT.rglob("__init__.py")
        for node in ast.parse(package.read_text()).body
        if isinstance(node, DEFINITIONS)
        and ((package.parent / f"{node.name}.py").exists() or (package.parent / node.name).is_dir())
    }

    assert shadowed == set()
