"""Modules that import each other, within functions and for types, too: only those whose work is mutual recursion."""

from __future__ import annotations

import graphlib
from collections.abc import Iterable

import grimp

RECURSIONS = (
    # The end of a branch may end its fork, and the end of a fork a branch; a Map Run may leave its results first.
    ("stepwright.asl.interpreter", {"ending", "failing", "forks", "leaving", "shards", "transitions"}),
    # A path has filters, and a filter paths.
    ("stepwright.asl.jsonpath", {"filters", "parse"}),
)


def test_no_modules_import_each_other_but_those_that_are_one_recursion() -> None:
    graph = grimp.build_graph("stepwright", include_external_packages=False, cache_dir=None)
    group = {f"{package}.{name}": package for package, names in RECURSIONS for name in names}

    def merged(modules: Iterable[str]) -> set[str]:
        """Each recursion counts as one module."""
        return {group.get(module, module) + ("()" if module in group else "") for module in modules}

    imports: dict[str, set[str]] = {}
    for module in graph.modules:
        [name] = merged([module])
        imports.setdefault(name, set()).update(
            merged(graph.find_modules_directly_imported_by(module)) - {name}
        )

    graphlib.TopologicalSorter(imports).prepare()  # raises CycleError, which names them


def test_what_is_named_here_is_still_a_recursion() -> None:
    graph = grimp.build_graph("stepwright", include_external_packages=False, cache_dir=None)
    for package, names in RECURSIONS:
        modules = {f"{package}.{name}" for name in names}
        for module in modules:
            assert graph.find_modules_directly_imported_by(module) & modules, module
            assert graph.find_modules_that_directly_import(module) & modules, module
